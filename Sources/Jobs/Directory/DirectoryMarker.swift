import Foundation
import JSON
import Platform

/// The file that makes a directory a data directory: `limbic.json` with the version of the layout and the directory's own
/// identifier, which its database holds too.
struct DirectoryMarker: Codable, Equatable, Sendable {
    /// The layout that this release writes and reads.
    static let currentFormat = 1
    static let fileName = "limbic.json"
    /// Larger files are no markers.
    private static let maxSize = 4096

    var format: Int
    /// `dir_…`, drawn at random when the directory was made.
    var id: String

    /// The marker of `directory`, or nil when it has none.
    ///
    /// - Throws: ``DirectoryError``
    static func read(in directory: URL) throws -> DirectoryMarker? {
        let url = directory.appendingPathComponent(fileName)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        guard let file = try? FileHandle(forReadingFrom: url), let data = try? file.read(upToCount: maxSize),
            let marker = try? JSONReader.decode(DirectoryMarker.self, from: data), marker.format > 0, !marker.id.isEmpty
        else { throw DirectoryError.unreadableMarker(directory: directory.path) }
        guard marker.format <= currentFormat else {
            throw DirectoryError.newerFormat(directory: directory.path, format: marker.format)
        }
        return marker
    }

    /// Whether a file is what a machine that stopped while a marker was written left of it.
    static func isPartial(_ name: String) -> Bool { name.hasPrefix(fileName + ".") && name.hasSuffix(".partial") }

    /// Makes `directory` ours. The marker is there whole or not at all, and survives the machine.
    ///
    /// - Throws: `SystemError`
    func write(in directory: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try WholeFile.write(try encoder.encode(self), to: directory.appendingPathComponent(Self.fileName).path)
    }
}
