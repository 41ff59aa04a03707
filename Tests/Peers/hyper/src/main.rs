//! `hyper-peer PORT`: serves `GET /v2/health/live` and `POST /echo` on 127.0.0.1.
use hyper::service::{make_service_fn, service_fn};
use hyper::{header, Body, Method, Request, Response, Server, StatusCode};
use std::convert::Infallible;

async fn answer(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let response = match (request.method(), request.uri().path()) {
        (&Method::GET, "/v2/health/live") => Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{\"live\":true}")),
        (&Method::POST, "/echo") => Response::builder().body(request.into_body()),
        _ => Response::builder().status(StatusCode::NOT_FOUND).body(Body::empty()),
    };
    Ok(response.unwrap())
}

fn main() {
    let port = std::env::args().nth(1).unwrap().parse::<u16>().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let service = make_service_fn(|_| async { Ok::<_, Infallible>(service_fn(answer)) });
        Server::bind(&([127, 0, 0, 1], port).into()).tcp_nodelay(true).serve(service).await.unwrap();
    });
}
