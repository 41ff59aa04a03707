import ArgumentParser
import Jobs

extension Keys {
    /// `limbic key create`: prints a new key, which nobody can look up again.
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print it, once.",
            discussion: "The data directory is made when it is not there."
        )

        @OptionGroup
        var directory: KeyDirectoryOptions

        @Option(
            help: """
                What the key is for, separated by commas: predict, train or admin. admin has all that train has, and train all \
                that predict has.
                """)
        var scope: String

        @Option(help: "What people call it.")
        var name: String?

        @Option(help: "Requests a minute. (default: that of the service)")
        var rateLimit: Int?

        func validate() throws {
            _ = try scopes()
            let name = name?.unicodeScalars
            if let name,
                !(1...200).contains(name.count) || name.contains(where: { $0.properties.generalCategory == .control })
            {
                throw ValidationError("--name: must have 1 to 200 characters, and no control characters")
            }
            if let rateLimit, !KeyDraft.rateLimits.contains(rateLimit) {
                throw ValidationError(
                    "--rate-limit: must be from \(KeyDraft.rateLimits.lowerBound) to \(KeyDraft.rateLimits.upperBound), not \(rateLimit)"
                )
            }
        }

        func run() throws {
            try Failure.reporting {
                let draft = KeyDraft(name: name, scopes: try scopes(), rateLimit: rateLimit)
                let (record, secret) = try directory.open(makes: true).create(draft)
                try StandardOutput.write(secret.text + "\n")
                StandardError.write("limbic: this is \(record.id); the key itself is not shown again\n")
            }
        }

        private func scopes() throws -> Set<KeyScope> {
            let scopes = try scope.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let scope = KeyScope(rawValue: String(word)) else {
                    throw ValidationError("--scope: '\(word)' is none of predict, train and admin")
                }
                return scope
            }
            return Set(scopes)
        }
    }
}
