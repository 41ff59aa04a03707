import ArgumentParser
import Jobs

extension Keys {
    /// `limbic key revoke`: has a key hold no more.
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a key, for good.",
            discussion: """
                When no key is left, the service answers nobody until another one is made, or until it is started with \
                --allow-anonymous.
                """
        )

        @OptionGroup
        var directory: KeyDirectoryOptions

        @Argument(help: "The id of the key.")
        var id: String

        func run() throws {
            try Failure.reporting {
                let key = try directory.open().revoke(id)
                try StandardOutput.write("\(key.id) is revoked\n")
            }
        }
    }
}
