/// What is done for the requests that match a pattern with a method.
final class Route: Sendable {
    enum Action: Sendable {
        case immediate(Router.ImmediateHandler)
        case task(Router.Handler)
        case deferred(Router.DeferredHandler)
    }

    let pattern: String
    /// Names of the pattern's parameters from left to right.
    let parameterNames: [String]
    let body: BodyPolicy
    let admit: Router.Admission?
    let action: Action

    init(pattern: String, body: BodyPolicy, admit: Router.Admission? = nil, action: Action) {
        self.pattern = pattern
        self.body = body
        self.admit = admit
        self.action = action
        parameterNames = RouteTrie.parts(of: pattern).compactMap {
            guard case .parameter(let name) = $0 else { return nil }
            return name
        }
    }
}
