import Emotion
import Foundation
import Platform

/// Lines of a file or of standard input, as soon as they arrive.
final class LineSource {
    private let descriptor: Int32
    private let name: String
    private var buffer: [UInt8] = []
    /// Where in the buffer the next line starts.
    private var start = 0
    private var isAtEnd = false
    /// What the first bytes tell.
    private(set) var format = SplitFormat.lines

    private static let chunk = 1 << 18

    /// - Parameter path: a file, or `-` for standard input.
    /// - Throws: ``Failure`` when the file cannot be opened or read.
    init(path: String) throws {
        name = path == "-" ? "standard input" : path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(.noInput, "\(name): \(SystemError("open").reason)") }
        // A format is told by its first bytes; whoever writes them has begun.
        while buffer.count < SplitFormat.startSize, !isAtEnd, !buffer.contains(UInt8(ascii: "\n")) { try fill() }
        format = SplitFormat(start: Array(buffer.prefix(SplitFormat.startSize)))
        if buffer.starts(with: SplitFormat.byteOrderMark) { start = SplitFormat.byteOrderMark.count }
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// Whether ``next()`` returns without waiting for more input.
    var hasLine: Bool { isAtEnd || buffer[start...].contains(UInt8(ascii: "\n")) }

    /// The next line without its line feed; nil at the end.
    func next() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return Array(buffer[start..<end])
            }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return Array(buffer[start...])
            }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            try fill()
        }
    }

    /// What has been read and not returned as a line.
    var unread: [UInt8] { Array(buffer[start...]) }

    /// Everything that has not been returned as a line.
    func rest() throws -> [UInt8] {
        while !isAtEnd { try fill() }
        defer { start = buffer.count }
        return Array(buffer[start...])
    }

    /// One read, which returns what there is.
    private func fill() throws {
        guard buffer.count < ClipLines.limit else {
            throw Failure(.badData, "\(name): a line or document is longer than \(ClipLines.limit) bytes")
        }
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.chunk))
        var count = 0
        repeat {
            count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + old, Self.chunk) }
        } while count < 0 && errno == EINTR
        let code = errno
        buffer.removeLast(Self.chunk - max(count, 0))
        guard count >= 0 else { throw Failure(.inputOutput, "\(name): \(SystemError("read", code: code).reason)") }
        isAtEnd = count == 0
    }
}
