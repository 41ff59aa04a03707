import Jobs

/// Why the service cannot be started: one sentence for whoever started it.
package struct StartError: Error, CustomStringConvertible {
    package let description: String
    /// Whether starting again is of no use before somebody has changed something.
    package let needsAttention: Bool

    init(_ error: any Error) {
        description = "\(error)"
        needsAttention =
            switch error {
            case DirectoryError.alreadyInUse: false
            case is DirectoryError, is MigrationError: true
            default: false
            }
    }
}
