import Dispatch
import Foundation
import Platform

/// The file with the standard error of a job's children, bounded in size.
///
/// A log that cannot be written costs the log and nothing else.
///
/// `@unchecked Sendable`: everything that changes is touched on `queue` only, which is serial, and by `deinit`.
final class WorkerLog: @unchecked Sendable {
    private let queue = DispatchQueue(label: "jobs.log", qos: .utility)
    private let file: URL
    private let maxSize: Int
    private var descriptor: CInt = -1
    private var room = 0
    private var dropped = 0
    private var isEmpty = true

    /// The file is made, or opened to append to it until it holds `maxSize` bytes, when something is said.
    init(file: URL, maxSize: Int) {
        self.file = file
        self.maxSize = maxSize
    }

    deinit {
        guard descriptor >= 0 else { return }
        if dropped > 0 {
            try? Descriptor.writeAll(Array("[\(dropped) bytes more]\n".utf8), to: descriptor)
        }
        close(descriptor)
    }

    /// Returns when the bytes are written, so that a child that says much has to wait.
    func append(_ bytes: [UInt8]) async {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                write(bytes)
                continuation.resume()
            }
        }
    }

    private func write(_ bytes: [UInt8]) {
        dispatchPrecondition(condition: .onQueue(queue))
        if isEmpty {
            isEmpty = false
            descriptor = open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            room = descriptor < 0 ? 0 : max(0, maxSize - Int(lseek(descriptor, 0, SEEK_END)))
        }
        let kept = bytes.prefix(room)
        if !kept.isEmpty {
            try? Descriptor.writeAll(kept, to: descriptor)
        }
        room -= kept.count
        dropped += bytes.count - kept.count
    }
}
