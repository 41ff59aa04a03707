package import Emotion
package import Foundation
import JSON

extension Study {
    /// Cells of a user's own, from the text of a file: `[{"name": "…", "hyperparameters": {"atm": "off"}}, …]`.
    ///
    /// - Throws: ``CellError`` that names the entry, by its number from 1 where it has no name, the field and the reason.
    package init(cells data: Data, base: Hyperparameters) throws(CellError) {
        let file: CellFile
        do {
            file = try JSONReader.decode(CellFile.self, from: data)
        } catch let error as CellError {
            throw error
        } catch {
            throw CellError(cell: "1", field: "file", reason: "must be an array of objects in JSON")
        }
        var cells: [Cell] = []
        for entry in file.entries {
            let cell = try Cell(entry.name, entry.hyperparameters, base: base)
            guard !cells.contains(where: { $0.name == cell.name }) else {
                throw CellError(cell: cell.name, field: "name", reason: "is also that of another cell")
            }
            // Data is read once for all cells, and this says how.
            guard cell.hyperparameters.replaceNonfinite == base.replaceNonfinite else {
                throw CellError(
                    cell: cell.name, field: "replace_nonfinite", reason: "must be the same for all cells, with --set")
            }
            cells.append(cell)
        }
        guard !cells.isEmpty else { throw CellError(cell: "1", field: "file", reason: "there are no cells") }
        self.init(published: nil, base: base, cells: cells)
    }
}

/// The entries of a file of cells, each checked by itself so that a fault is told with its place.
private struct CellFile: Decodable {
    struct Entry: Decodable {
        let name: String
        let hyperparameters: [String: HyperparameterValue]
    }

    /// Longer names would make names of files that no file system takes.
    static let nameLimit = 60

    private(set) var entries: [Entry] = []

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        while !container.isAtEnd {
            let number = String(container.currentIndex + 1)
            do {
                let entry = try container.decode(Entry.self)
                guard (1...Self.nameLimit).contains(entry.name.utf8.count) else {
                    throw CellError(cell: number, field: "name", reason: "must have 1 to \(Self.nameLimit) bytes")
                }
                entries.append(entry)
            } catch let error as JSONError {
                // The field begins with the place in the array.
                let field = error.field.split(separator: "/").dropFirst().joined(separator: "/")
                throw CellError(cell: number, field: field.isEmpty ? "entry" : field, reason: error.reason)
            }
        }
    }
}
