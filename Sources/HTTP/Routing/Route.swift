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

    init(
        _ method: HTTPRequest.Method, _ pattern: String, index: Int, body: BodyPolicy, admit: Router.Admission? = nil,
        action: Action
    ) {
        self.method = method
        self.pattern = pattern
        self.index = index
        self.body = body
        self.admit = admit
        self.action = action
        parameterNames = RouteTrie.parts(of: pattern).compactMap {
            guard case .parameter(let name) = $0 else { return nil }
            return name
        }
    }
}
