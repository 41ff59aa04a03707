import Foundation
import Platform

/// One step of the schema: a file `NNNN-name.sql`.
struct MigrationFile: Equatable, Sendable {
    /// The number in the name; the first is 1.
    var number: Int
    /// The name of the file without directory and `.sql`.
    var name: String
    var sql: String
    /// SHA-256 of the bytes of the file.
    var digest: String

    /// The files `*.sql` in `directory` in order, which must be numbered from 1 without gap; others are ignored.
    static func load(from directory: URL) throws(MigrationError) -> [MigrationFile] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        } catch {
            throw .unreadable(path: directory.path, reason: error.localizedDescription)
        }
        var files: [MigrationFile] = []
        for name in names.sorted() where name.hasSuffix(".sql") {
            try files.append(MigrationFile(contentsOf: directory.appendingPathComponent(name)))
        }
        for (index, file) in files.enumerated() {
            if index > 0, file.number == files[index - 1].number {
                throw .duplicate(number: file.number)
            }
            guard file.number == index + 1 else {
                throw .gap(missing: index + 1)
            }
        }
        return files
    }

    private init(contentsOf url: URL) throws(MigrationError) {
        let name = url.deletingPathExtension().lastPathComponent
        guard let match = name.wholeMatch(of: /([0-9]{4})-[a-z0-9-]+/), let number = Int(match.1) else {
            throw .badName(url.lastPathComponent)
        }
        let bytes: Data
        do {
            bytes = try Data(contentsOf: url)
        } catch {
            throw .unreadable(path: url.path, reason: error.localizedDescription)
        }
        guard let sql = String(data: bytes, encoding: .utf8) else {
            throw .unreadable(path: url.path, reason: "not UTF-8")
        }
        self.number = number
        self.name = name
        self.sql = sql
        digest = SHA256.digest(of: bytes)
    }
}
