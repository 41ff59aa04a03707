import Foundation
import HTTP
import Jobs

/// Why the service cannot be started: one sentence for whoever started it.
package struct StartError: Error, CustomStringConvertible {
    package let description: String
    /// Whether starting again is of no use before somebody has changed something.
    package let needsAttention: Bool

    /// A server beyond loopback that would answer everyone, which nobody has said that they want.
    static func open(_ address: SocketAddress, _ directory: URL) -> StartError {
        StartError(
            description: """
                anyone who can reach \(address) could use the service, as it has no key: make one with limbic key create \
                --scope admin --data-dir \(directory.path), or start with --allow-anonymous
                """,
            needsAttention: true)
    }

    private init(description: String, needsAttention: Bool) {
        self.description = description
        self.needsAttention = needsAttention
    }

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
