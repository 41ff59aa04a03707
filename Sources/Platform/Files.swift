import Foundation

/// What makes files and their names survive the machine.
package enum Files {
    /// Waits until the contents of a file, or the names in a folder, are on the disk.
    package static func sync(_ path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open", path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("fsync", path: path) }
    }

    /// Gives the file or folder `source` the name `target`, in a folder that is there, and does not return before that
    /// survives the machine. What `source` holds must be on the disk already.
    package static func move(_ source: String, to target: String) throws(SystemError) {
        guard rename(source, target) == 0 else { throw SystemError("rename", path: target) }
        try sync(folder(of: target))
    }

    /// Makes a folder, and those it is to be in, where they are not there yet.
    package static func makeFolder(_ path: String) throws(SystemError) {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            let cause = (error as? CocoaError)?.underlying as? POSIXError
            throw SystemError("mkdir", path: path, code: cause?.code.rawValue ?? EIO)
        }
    }

    /// The folder that a path is in.
    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
