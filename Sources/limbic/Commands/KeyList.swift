import ArgumentParser
import Foundation
import Jobs

extension Keys {
    /// `limbic key list`: a line per key.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List keys, those that were revoked too.")

        @OptionGroup
        var directory: KeyDirectoryOptions

        func run() throws {
            try Failure.reporting {
                var table = TextTable()
                table.add(["id", "scopes", "rate limit", "created", "last used", "revoked", "name"])
                for key in try directory.open().all() {
                    table.add([
                        key.id, key.scopes.map(\.rawValue).joined(separator: ","), key.rateLimit.map { "\($0)" } ?? "-",
                        Self.time(key.createdAt), Self.time(key.usedAt), Self.time(key.revokedAt), key.name ?? "-",
                    ])
                }
                try StandardOutput.write(table.text)
            }
        }

        /// - Parameter milliseconds: since 1970.
        private static func time(_ milliseconds: Int64?) -> String {
            guard let milliseconds else { return "-" }
            return Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
        }
    }
}
