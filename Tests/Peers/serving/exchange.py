"""Single requests, with nothing but the standard library."""

import http.client
import json


def ask(port: int, method: str, path: str, body: bytes | None = None, fields: dict | None = None) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} | (fields or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise OSError(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()


def ask_json(port: int, method: str, path: str, document: dict | None = None) -> dict:
    """The answer of Limbic, which must be a success."""
    body = None if document is None else json.dumps(document).encode()
    status, answer = ask(port, method, path, body)
    if not 200 <= status < 300:
        raise RuntimeError(f"{method} {path} is answered with {status}: {answer.decode(errors='replace')[:500]}")
    return json.loads(answer) if answer else {}
