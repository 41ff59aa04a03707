import Foundation
import Platform

/// An exclusive claim on a data directory, held until it is released and given up by the system when the
/// process dies, however it dies (`flock(2)`).
final class DirectoryLock: Sendable {
    private let descriptor: Mutex<CInt?>

    /// Locks `directory` through its file `limbic.lock`, and writes the number of this process into it.
    ///
    /// - Throws: ``DirectoryError/alreadyInUse(directory:holder:)`` when another process, or another lock of this one,
    ///   holds it, ``DirectoryError/inaccessible(_:_:)``
    init(directory: URL) throws {
        let path = directory.appendingPathComponent("limbic.lock").path
        // Close-on-exec, or a worker that outlives the server would keep the next server out.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw DirectoryError.inaccessible(directory.path, SystemError("open", path: path))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
                Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            close(descriptor)
            throw code == EWOULDBLOCK
                ? DirectoryError.alreadyInUse(directory: directory.path, holder: holder)
                : DirectoryError.inaccessible(directory.path, SystemError("flock", path: path, code: code))
        }
        let text = Array("\(getpid())\n".utf8)
        // The number only serves the message of a refusal; a failure to write it takes nothing from the lock.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        release()
    }

    /// Gives the directory up. Doing so again is harmless.
    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor {
                // Closing alone leaves the lock to a child that is just being started and has not yet run its program.
                flock(open, LOCK_UN)
                close(open)
            }
            descriptor = nil
        }
    }
}
