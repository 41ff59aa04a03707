import ArgumentParser
import Foundation
import Jobs

/// Copies a data directory while a server works on it.
struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy a data directory, also while a server works on it.",
        discussion: """
            The copy is a data directory that a server can start on, with everything that was acknowledged before the command \
            began: the database, checked, and the data sets, checkpoints, models and logs of its records. What never changes is \
            linked where --out is on the same file system, and takes no room there; to survive the loss of a disk, name a \
            directory on another one. To restore, stop the server and start it on the copy, or put the copy in place.

            \(SupportFiles.searchOrder)
            """
    )

    @Option(name: .customLong("data-dir"), help: "Data directory of the service.")
    var dataDirectory: String

    @Option(help: "Directory for the copy; must be new or empty.")
    var out: String

    @Option(help: Settings.migrations.help)
    var migrations: String?

    func run() throws {
        try Failure.reporting {
            for (name, path) in [("--data-dir", dataDirectory), ("--out", out)] where path.isEmpty {
                throw Failure(.usage, "\(name): the path is empty")
            }
            let backup = try DirectoryBackup(
                of: URL(filePath: dataDirectory),
                to: URL(filePath: out),
                migrations: try SupportFiles.folder("Migrations", Settings.migrations.optionalValue(migrations))
            )
            let report = try backup.run()
            try StandardOutput.write(
                """
                \(out): \(report.jobs) jobs, \(report.datasets) data sets and \(report.versions) model versions; \
                \(report.files) files, \(report.links) of them as links; \(Readable.bytes(Double(report.byteCount))) written

                """
            )
            guard report.missing.isEmpty else {
                throw Failure(
                    .badData,
                    "these files are named by records and are not in \(dataDirectory) any more: "
                        + report.missing.joined(separator: ", "))
            }
        }
    }
}
