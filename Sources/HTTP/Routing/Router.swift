package import HTTPTypes

/// Finds the handler for a method and a path.
///
/// A pattern is a path whose parts may be `{names}`, each standing for exactly one non-empty part. Literal parts win
/// over names. GET routes answer HEAD as well, OPTIONS is answered from the methods there are, a path known only with
/// other methods is 405 with `Allow`.
package struct Router: Sendable {
    package typealias Handler = @Sendable (Request) async throws -> Response
    package typealias ImmediateHandler = @Sendable (Request) throws -> Response
    package typealias ErrorResponse = @Sendable (any Error, Request?) -> Response

    /// Turns what a handler threw, or a ``RequestError`` of the HTTP layer itself, into a response. The request is nil
    /// if it could not be parsed. `Allow` and, where needed, `Connection: close` are added by the server.
    package var errorResponse: ErrorResponse = Self.defaultErrorResponse

    var trie = RouteTrie()

    package init() {}

    /// Adds a route whose handler runs at once on the connection's queue: for tiny answers from memory. It must never
    /// block or compute; a body of the request is dropped.
    ///
    /// - Precondition: the pattern starts with a slash and has no route for this method yet.
    package mutating func on(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        immediate handler: @escaping ImmediateHandler
    ) {
        trie.insert(Route(pattern: pattern, body: .none, action: .immediate(handler)), for: method)
    }

    /// Adds a route whose handler runs in a task of its own, which is cancelled if the client goes away.
    ///
    /// - Precondition: the pattern starts with a slash and has no route for this method yet.
    package mutating func on(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        body: BodyPolicy = .none,
        handler: @escaping Handler
    ) {
        trie.insert(Route(pattern: pattern, body: body, action: .task(handler)), for: method)
    }

    /// Serves the regular files below `directory` for paths below `prefix` that no other route takes; a path that ends
    /// in a slash means its `index.html`. Hidden files and symbolic links are not served.
    ///
    /// - Precondition: the prefix starts and ends with a slash and has no files yet.
    package mutating func files(under prefix: String, directory: String) {
        let files = StaticFiles(directory: directory, prefix: prefix)
        trie.insertRest(
            Route(pattern: prefix + "*", body: .none, action: .immediate { try files.respond(to: $0) }),
            under: prefix
        )
    }

    /// Runs the route for `request` and gives its answer, without sockets. Streamed response bodies are not run yet.
    package func respond(to request: Request) async -> Response {
        var request = request
        let head = request.head
        do {
            switch trie.match(head) {
            case .failure(let error):
                return failed(error, request)
            case .options(let allowed):
                return Self.options(allowed)
            case .route(let route, let parameters):
                request.parameters = parameters
                if case .buffered(let limit) = route.body, request.body.bytes.count > limit {
                    throw RequestError.bodyTooLarge(limit: limit)
                }
                switch route.action {
                case .immediate(let handler): return try handler(request)
                case .task(let handler): return try await handler(request)
                }
            }
        } catch {
            return failed(error, request)
        }
    }

    /// The response for `error`, with `Allow` where it is due.
    func failed(_ error: any Error, _ request: Request?) -> Response {
        var response = errorResponse(error, request)
        if let allowed = (error as? RequestError)?.allowedMethods {
            response.fields[.allow] = Self.list(allowed)
        }
        return response
    }

    static func options(_ allowed: [HTTPRequest.Method]) -> Response {
        Response(status: .noContent, fields: [.allow: list(allowed)])
    }

    private static func list(_ methods: [HTTPRequest.Method]) -> String {
        methods.map(\.rawValue).joined(separator: ", ")
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
