import HTTPTypes

/// What is done for the requests that match a pattern with a method.
final class Route: Sendable {
    enum Action: Sendable {
        case immediate(Router.ImmediateHandler)
        case task(Router.Handler)
        case deferred(Router.DeferredHandler)
    }

    let method: HTTPRequest.Method
    let pattern: String
    /// Among the routes of its router.
    let index: Int
    /// Names of the pattern's parameters from left to right.
    let parameterNames: [String]
    let body: BodyPolicy
    let admit: Router.Admission?
    let action: Action
    /// Takes bodies of some types instead, piece by piece.
    private let streaming: (types: [String], route: Route)?

    init(
        _ method: HTTPRequest.Method, _ pattern: String, index: Int, body: BodyPolicy, admit: Router.Admission? = nil,
        action: Action, streaming: Router.Streaming? = nil
    ) {
        self.method = method
        self.pattern = pattern
        self.index = index
        self.body = body
        self.admit = admit
        self.action = action
        self.streaming = streaming.map { streaming in
            let route = Route(
                method, pattern, index: index, body: .streamed(limit: streaming.limit), admit: admit,
                action: .task(streaming.handler))
            return (streaming.types, route)
        }
        parameterNames = RouteTrie.parts(of: pattern).compactMap {
            guard case .parameter(let name) = $0 else { return nil }
            return name
        }
    }

    /// The route that takes the body of a request: this one, or another for bodies of its type.
    func route(for request: Request) -> Route {
        guard let streaming, let type = request.fields.mediaType, streaming.types.contains(type) else { return self }
        return streaming.route
    }
}
