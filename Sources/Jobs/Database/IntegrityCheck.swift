import GRDB

/// Looks for damage in a database before it is used.
///
/// Reads every page once and compares no index with its table (`PRAGMA quick_check`): some seconds for a gigabyte that is not
/// in the system's memory. So of a larger database it leaves out the two tables that make it large, whose damage would show
/// in the history of jobs and nowhere else.
struct IntegrityCheck {
    let connection: Connection
    /// The largest database that is read as a whole, in bytes.
    var wholeSize = 1 << 30

    private static let large: Set<String> = ["events", "metrics"]

    /// - Returns: the first thing that was found, in SQLite's words; nil when there is nothing.
    func run() throws -> String? {
        let size = try Int.fetchOne(
            connection, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        guard size ?? 0 > wholeSize else { return try finding("1") }
        let tables = try String.fetchAll(connection, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
        for table in tables where !Self.large.contains(table) {
            if let finding = try finding(table.quotedDatabaseIdentifier) { return finding }
        }
        return nil
    }

    /// - Parameter argument: how many findings are enough, or the table to look at.
    private func finding(_ argument: String) throws -> String? {
        let finding = try String.fetchOne(connection, sql: "PRAGMA quick_check(\(argument))")
        return finding == "ok" ? nil : finding
    }
}
