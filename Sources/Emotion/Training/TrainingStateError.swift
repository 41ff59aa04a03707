/// Why a training cannot go on from a file.
package struct TrainingStateError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// It is damaged, or no state of a training.
        case unreadable
        /// It is the state of another training.
        case otherTraining
        /// It lacks something that what is asked of it needs.
        case incomplete
    }

    package let kind: Kind
    /// Its path, which is nothing for clients of the service.
    package let file: String
    /// What is wrong, as a predicate.
    package let reason: String

    package init(_ kind: Kind, file: String, _ reason: String) {
        self.kind = kind
        self.file = file
        self.reason = reason
    }

    package var description: String { "\(file): \(reason)" }
}
