import Foundation
import Platform

/// The program that workers run, held open from the start of the server: a file that is put in its place later, by an update,
/// does not mix workers of one build with a server of another.
package final class WorkerExecutable: Sendable {
    /// Where the program lay when it was opened.
    package let path: String
    /// Names the build, for a worker to compare with its own; nil when the program does not say.
    package let build: String?
    private let descriptor: Int32

    /// - Parameter path: a program, or `/proc/self/exe`.
    /// - Throws: `SystemError`
    package init(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open", path: path) }
        self.path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) ?? path
        build = BuildID.read(from: descriptor)
    }

    deinit { close(descriptor) }

    /// What to start it by.
    ///
    /// - Parameter launcher: with words in front, which may lead to another machine, it goes by its path for as long as the
    ///   program still lies there.
    package func command(behind launcher: Launcher) -> String {
        let held = "/proc/\(getpid())/fd/\(descriptor)"
        guard access(held, X_OK) == 0, launcher.prefix.isEmpty || !isInPlace else { return path }
        return held
    }

    private var isInPlace: Bool {
        var (own, there) = (stat(), stat())
        return fstat(descriptor, &own) == 0 && stat(path, &there) == 0 && own.st_dev == there.st_dev
            && own.st_ino == there.st_ino
    }
}
