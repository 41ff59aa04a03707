/// A hyperparameter that cannot be used, with its name and the reason.
package struct HyperparameterError: Error, Sendable, Equatable, CustomStringConvertible {
    package let name: String
    /// What is wrong, with the value and the range that is allowed.
    package let reason: String

    package init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }

    package var description: String { "\(name): \(reason)" }
}

/// Everything that is wrong with a set of hyperparameters.
package struct HyperparameterErrors: Error, Sendable, Equatable, CustomStringConvertible {
    /// At least one.
    package let errors: [HyperparameterError]

    package var description: String { errors.map(\.description).joined(separator: "; ") }
}
