import ArgumentParser
import Foundation
import Jobs

/// `limbic key`: who may ask the service for what.
struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make, list and revoke the keys that the service takes.",
        discussion: """
            From the first key on the service takes requests with a key only: Authorization: Bearer KEY. The commands work on \
            the data directory, with the service stopped and while it runs, which notices within some seconds.

            \(SupportFiles.searchOrder)
            """,
        subcommands: [Create.self, List.self, Revoke.self]
    )
}

/// The data directory whose keys are meant.
struct KeyDirectoryOptions: ParsableArguments {
    @Option(name: .customLong("data-dir"), help: Settings.dataDirectory.help)
    var dataDirectory: String?
    @Option(help: Settings.migrations.help)
    var migrations: String?

    /// - Parameter makes: whether a data directory is made where there is none.
    func open(makes: Bool = false) throws -> KeyDirectory {
        try KeyDirectory(
            URL(filePath: try Settings.dataDirectory.value(dataDirectory)),
            migrations: try SupportFiles.folder("Migrations", Settings.migrations.optionalValue(migrations)),
            makes: makes
        )
    }
}
