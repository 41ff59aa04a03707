import Dispatch
package import HTTPTypes

/// Finds the handler for a method and a path.
///
/// A pattern is a path whose parts may be `{names}`, each standing for exactly one non-empty part. Literal parts win
/// over names. GET routes answer HEAD as well, OPTIONS is answered from the methods there are, a path known only with
/// other methods is 405 with `Allow`, and a path that no pattern knows is 404 whatever the method.
///
/// Between the head of a request and its body comes ``resolve(_:)``, which finds the route and may refuse.
package struct Router: Sendable {
    package typealias Handler = @Sendable (Request) async throws -> Response
    package typealias ImmediateHandler = @Sendable (Request) throws -> Response
    package typealias DeferredHandler = @Sendable (Request, Responder) -> Void
    /// Looks at a request whose body has not been read and throws to refuse it; may note in it what the handler is to
    /// know. Runs on the connection's queue: it must neither block nor compute.
    package typealias Admission = @Sendable (inout Request) throws -> Void
    /// Takes bodies of some media types as they come, on a route that gathers all others.
    package struct Streaming: Sendable {
        /// In lower case, without parameters.
        package let types: [String]
        /// The most bytes of such a body.
        package let limit: Int
        package let handler: Handler

        package init(types: [String], limit: Int, handler: @escaping Handler) {
            self.types = types
            self.limit = limit
            self.handler = handler
        }
    }
    package typealias ErrorResponse = @Sendable (any Error, Request?) -> Response

    /// Turns what a handler threw, or a ``RequestError`` of the HTTP layer itself, into a response. The request is nil
    /// if it could not be parsed. `Allow`, `Content-Range` and, where needed, `Connection: close` are added by the server.
    package var errorResponse: ErrorResponse = Self.defaultErrorResponse

    /// Comes before a route is looked for.
    package var admit: Admission?

    /// What the answer to an `OPTIONS` without a route says besides `Allow`, the methods of which it is given.
    package var optionsFields: (@Sendable (Request, String) -> HTTPFields)?

    /// Where tasks of handlers run; nil for the threads that all tasks share, which handlers must not block then.
    package var executor: (any TaskExecutor)?

    var trie = RouteTrie()

    package init() {}

    /// Adds a route whose handler runs at once on the connection's queue: for tiny answers from memory. It must never
    /// block or compute; a body of the request is dropped.
    ///
    /// - Precondition: the pattern starts with a slash and has no route for this method yet.
    package mutating func on(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        admit: Admission? = nil,
        immediate handler: @escaping ImmediateHandler
    ) {
        add(method, pattern, .none, admit, .immediate(handler))
    }

    /// Adds a route whose handler runs in a task of its own, which is cancelled if the client goes away.
    ///
    /// - Precondition: the pattern starts with a slash and has no route for this method yet.
    package mutating func on(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        body: BodyPolicy = .none,
        admit: Admission? = nil,
        handler: @escaping Handler
    ) {
        add(method, pattern, body, admit, .task(handler))
    }

    /// Adds a route whose handler is called on the connection's queue, takes the request to threads of its own, and
    /// answers from there.
    ///
    /// - Parameter streaming: takes bodies of some types instead.
    /// - Precondition: the pattern starts with a slash and has no route for this method yet; the body is not streamed.
    package mutating func on(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        body: BodyPolicy = .none,
        admit: Admission? = nil,
        deferred handler: @escaping DeferredHandler,
        streaming: Streaming? = nil
    ) {
        if case .streamed = body { preconditionFailure("a deferred handler has no task to read a stream in") }
        add(method, pattern, body, admit, .deferred(handler), streaming)
    }

    /// Serves the regular files below `directory` for GET of paths below `prefix` that no other route takes; a path that
    /// ends in a slash means its `index.html`. Hidden files and symbolic links are not served. Conditions and ranges are
    /// understood, and clients may keep what has a hash of its content in its name.
    ///
    /// - Parameter fields: what answers have besides.
    /// - Precondition: the prefix starts and ends with a slash and has no files yet.
    package mutating func files(under prefix: String, directory: String, fields: HTTPFields = [:]) {
        let files = StaticFiles(directory: directory, prefix: prefix, fields: fields)
        trie.insertRest(
            Route(
                .get, prefix + "*", index: trie.routes.count, body: .none,
                action: .deferred { request, responder in
                    OpenFile.reading.async { responder.respond { try files.respond(to: request) } }
                }),
            under: prefix
        )
    }

    private mutating func add(
        _ method: HTTPRequest.Method, _ pattern: String, _ body: BodyPolicy, _ admit: Admission?,
        _ action: Route.Action, _ streaming: Streaming? = nil
    ) {
        trie.insert(
            Route(
                method, pattern, index: trie.routes.count, body: body, admit: admit, action: action,
                streaming: streaming))
    }

    /// What is to be done for a request.
    enum Resolution {
        case route(Route)
        /// `OPTIONS` where no route is for it.
        case options([HTTPRequest.Method])
    }

    /// Finds the route for a request by its head alone, and notes the parameters in it.
    ///
    /// Throws what the request is to be refused for, before a byte of its body is taken.
    func resolve(_ request: inout Request) throws -> Resolution {
        try admit?(&request)
        switch trie.match(request.head) {
        case .failure(let error): throw error
        case .options(let allowed): return .options(allowed)
        case .route(let found, let parameters):
            let route = found.route(for: request)
            request.parameters = parameters
            if let limit = route.body.limit, request.hasBody {
                if case .length(let length) = request.head.framing, length > limit {
                    throw RequestError.bodyTooLarge(limit: limit)
                }
                request.body.expect(try ContentCoding(request.fields), limit: limit)
            }
            try route.admit?(&request)
            return .route(route)
        }
    }

    /// Runs the route for `request` and gives its answer, without sockets. Streamed response bodies are not run yet.
    package func respond(to request: Request) async -> Response {
        var request = request
        var response = await respond(to: &request)
        response.fields.append(contentsOf: request.answerFields)
        return response
    }

    private func respond(to request: inout Request) async -> Response {
        do {
            switch try resolve(&request) {
            case .options(let allowed): return options(allowed, request)
            case .route(let route):
                switch route.action {
                case .immediate(let handler): return try handler(request)
                case .task(let handler):
                    let asked = request
                    return try await Task(executorPreference: executor) { try await handler(asked) }.value
                case .deferred(let handler):
                    let asked = request
                    return try await withCheckedThrowingContinuation { continuation in
                        handler(asked, Responder { continuation.resume(with: $0) })
                    }
                }
            }
        } catch {
            return failed(error, request)
        }
    }

    /// The response for `error`, with the fields that come with its status.
    func failed(_ error: any Error, _ request: Request?) -> Response {
        var response = errorResponse(error, request)
        for field in (error as? RequestError)?.fields ?? [:] { response.fields[field.name] = field.value }
        return response
    }

    /// The response to an `OPTIONS` without a route.
    func options(_ allowed: [HTTPRequest.Method], _ request: Request) -> Response {
        let methods = allowed.map(\.rawValue).joined(separator: ", ")
        var response = Response(status: .noContent, fields: [.allow: methods])
        if let optionsFields { response.fields.append(contentsOf: optionsFields(request, methods)) }
        return response
    }

    private static let defaultErrorResponse: ErrorResponse = { error, request in
        if let error = error as? RequestError { return .problem(error, requestID: request?.id) }
        return .problem(
            status: .internalServerError,
            code: "internal_error",
            detail: "the server failed to answer this request",
            requestID: request?.id
        )
    }
}
