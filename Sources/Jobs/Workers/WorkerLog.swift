import Foundation
import Platform

/// The file with the standard error of a job's children, bounded in size, and its last lines in memory.
///
/// Writing goes to the page cache and is not waited for; a log that cannot be written costs the log and nothing else.
struct WorkerLog: ~Copyable {
    /// How much of the end is kept for the error of a failed attempt, in bytes.
    private static let tailSize = 2048

    private let descriptor: CInt
    private var room: Int
    private var dropped = 0
    private var tail: [UInt8] = []

    /// Opens the file, made when missing, to append to it until it holds `maxSize` bytes.
    init(file: URL, maxSize: Int) {
        descriptor = open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        room = descriptor < 0 ? 0 : max(0, maxSize - Int(lseek(descriptor, 0, SEEK_END)))
    }

    deinit {
        if descriptor >= 0 {
            if dropped > 0 {
                Self.write(Array("[\(dropped) bytes more]\n".utf8)[...], to: descriptor)
            }
            close(descriptor)
        }
    }

    mutating func append(_ bytes: [UInt8]) {
        tail.append(contentsOf: bytes.suffix(Self.tailSize))
        tail.removeFirst(max(0, tail.count - Self.tailSize))
        let kept = bytes.prefix(room)
        if !kept.isEmpty {
            Self.write(kept, to: descriptor)
        }
        room -= kept.count
        dropped += bytes.count - kept.count
    }

    /// The last lines, at most `count` of them.
    func lastLines(_ count: Int) -> [String] {
        String(decoding: tail, as: UTF8.self)
            .split(whereSeparator: \.isNewline)
            .suffix(count)
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) {
        try? Descriptor.writeAll(bytes, to: descriptor)
    }
}
