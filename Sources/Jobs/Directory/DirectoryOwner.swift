import Foundation
import GRDB

/// Compares the identifier that a database holds with that of the directory it lies in.
struct DirectoryOwner {
    let connection: Connection
    let directory: URL

    /// - Parameter marked: the identifier in the directory's marker, nil when there is none.
    /// - Throws: ``DirectoryError/otherDatabase(directory:)``
    func check(_ marked: String?) throws {
        guard let marked, let own = try read(), own != marked else { return }
        throw DirectoryError.otherDatabase(directory: directory.path)
    }

    /// Writes the identifier down where the database has none yet: a new one, or one of a release that had none.
    ///
    /// - Returns: the identifier that holds.
    func settle(_ id: String) throws -> String {
        if let own = try read() { return own }
        try connection.execute(sql: "INSERT INTO data_directory (only, id) VALUES (1, ?)", arguments: [id])
        return id
    }

    /// nil where the schema has no place for it yet.
    private func read() throws -> String? {
        guard try connection.tableExists("data_directory") else { return nil }
        return try String.fetchOne(connection, sql: "SELECT id FROM data_directory")
    }
}
