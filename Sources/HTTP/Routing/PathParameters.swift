/// What the `{names}` of a route pattern stood for in a request's path, percent escapes decoded.
package struct PathParameters: Sendable, Equatable {
    private var names: [String] = []
    private var values: [String] = []

    package init() {}

    init(names: [String], values: [String]) {
        precondition(names.count == values.count)
        self.names = names
        self.values = values
    }

    /// The value, or nil if the pattern of the route has no such name.
    package subscript(name: String) -> String? {
        names.firstIndex(of: name).map { values[$0] }
    }

    /// The value of a parameter that the pattern of the route has.
    ///
    /// - Precondition: the pattern has `{name}`.
    package func require(_ name: String) -> String {
        guard let value = self[name] else { preconditionFailure("the route has no parameter \(name)") }
        return value
    }
}
