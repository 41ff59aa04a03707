import Emotion
import Foundation
import Platform

/// Checks on paths that were given as arguments, made before any work is done.
enum Paths {
    /// - Throws: ``Failure`` when there is nothing at `path`, or nothing this process may read.
    static func requireReadable(_ path: String) throws {
        guard !path.isEmpty else { throw Failure(.usage, "a path is empty") }
        guard access(path, R_OK) == 0 else {
            throw Failure(.noInput, "\(path): \(SystemError("access").reason)")
        }
    }

    /// - Throws: ``Failure`` when `path` is not a directory that can be read.
    static func requireDirectory(_ path: String) throws {
        try requireReadable(path)
        guard isDirectory(path) else { throw Failure(.noInput, "\(path): is not a directory") }
    }

    /// - Throws: ``Failure`` when `path` is not a file that can be read.
    static func requireFile(_ path: String) throws {
        try requireReadable(path)
        guard !isDirectory(path) else { throw Failure(.noInput, "\(path): is a directory, not a file") }
    }

    /// - Throws: ``Failure`` when `path` is not a directory with the two files of a model.
    static func requireModel(_ path: String) throws {
        try requireDirectory(path)
        for name in [ModelDirectory.configurationName, ModelDirectory.weightsName] {
            try requireFile("\(path)/\(name)")
        }
    }

    static func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}

/// The directory a command writes to. It is made first, so that a place that cannot be written is found out before the
/// work and not after it.
struct OutputDirectory {
    let path: String
    private let isNew: Bool

    /// - Parameter force: takes a directory that holds something; files of the same names are replaced.
    /// - Throws: ``Failure``
    init(_ path: String, force: Bool) throws {
        guard !path.isEmpty else { throw Failure(.usage, "--out: the path is empty") }
        self.path = path
        let files = FileManager.default
        isNew = !files.fileExists(atPath: path)
        if !isNew {
            guard Paths.isDirectory(path) else { throw Failure(.usage, "--out \(path): is not a directory") }
            let contents: [String]
            do { contents = try files.contentsOfDirectory(atPath: path) } catch {
                throw Failure(.inputOutput, "\(path): \(error.localizedDescription)")
            }
            guard contents.isEmpty || force else {
                throw Failure(.usage, "--out \(path): is not empty; --force writes to it all the same")
            }
        }
        do { try files.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw Failure(.inputOutput, "\(path): cannot be made: \(error.localizedDescription)")
        }
        guard access(path, W_OK) == 0 else {
            throw Failure(.inputOutput, "\(path): \(SystemError("access").reason)")
        }
    }

    /// Runs `body`, and takes a directory that was made for it away again when it throws.
    ///
    /// - Parameter isWorthKeeping: whether what it holds then is needed all the same.
    func filled(isWorthKeeping: () -> Bool = { false }, _ body: () throws -> Void) throws {
        do { try body() } catch {
            if isNew, !isWorthKeeping() { try? FileManager.default.removeItem(atPath: path) }
            throw error
        }
    }
}
