import GRDB

/// The files of a data directory that the records of its database allow for, by their paths relative to it.
struct RecordedFiles {
    enum Kind {
        /// A file or a folder that is there, and never changes, up to the transaction that deletes its record.
        case settled
        /// Never changes either, and need not be there.
        case companion
        /// Need not be there, and may grow.
        case log
    }

    private(set) var kinds: [String: Kind] = [:]

    /// - Parameter connection: to a database of this release or of one before it.
    init(_ connection: Connection) throws {
        func paths(_ column: String, _ table: String) throws -> [String] {
            guard try connection.tableExists(table) else { return [] }
            return try String.fetchAll(connection, sql: "SELECT \(column) FROM \(table)")
        }
        for path in try paths("path", "dataset_splits") {
            for companion in SplitRecord.files(at: path) { kinds[companion] = .companion }
            kinds[path] = .settled
        }
        for path in try paths("path", "checkpoints") + paths("directory", "model_versions") { kinds[path] = .settled }
        for job in try paths("id", "jobs") { kinds[DataLayout.log(job: job)] = .log }
    }
}
