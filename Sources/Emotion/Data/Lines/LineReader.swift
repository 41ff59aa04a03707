import Foundation

/// Reads a file line by line with bounded memory. Blank lines are left out; the last line needs no line feed.
struct LineReader {
    /// The file cannot be read on.
    struct Fault: Error {
        /// From 1.
        let line: Int
        let reason: String
    }

    private let file: FileHandle
    private let limit: Int
    private var buffer: [UInt8] = []
    /// Where in the buffer the next line starts.
    private var start = 0
    private var isAtEnd = false
    private var line = 0
    /// Bytes of the file that were read so far.
    private(set) var position = 0

    private static let chunk = 1 << 20

    /// - Parameter limit: bytes of the longest line.
    init?(path: String, limit: Int) {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        self.file = file
        self.limit = limit
    }

    /// Hands the next line to `body`; false at the end of the file.
    mutating func next(_ body: (UnsafeRawBufferPointer) -> Void) throws(Fault) -> Bool {
        while let range = try nextRange() {
            line += 1
            var blank = true
            buffer.withUnsafeBytes { bytes in
                let text = UnsafeRawBufferPointer(rebasing: bytes[range])
                blank = text.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
                if !blank { body(text) }
            }
            if !blank { return true }
        }
        return false
    }

    private mutating func nextRange() throws(Fault) -> Range<Int>? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return start..<end
            }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return start..<buffer.count
            }
            guard buffer.count - start <= limit else {
                throw Fault(line: line + 1, reason: "longer than \(limit) bytes")
            }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            try fill()
        }
    }

    private mutating func fill() throws(Fault) {
        let data: Data?
        do {
            data = try file.read(upToCount: Self.chunk)
        } catch {
            throw Fault(line: line + 1, reason: "cannot be read: \(error.localizedDescription)")
        }
        guard let data, !data.isEmpty else {
            isAtEnd = true
            return
        }
        let isStart = position == 0 && data.starts(with: SplitFormat.byteOrderMark)
        position += data.count
        buffer += isStart ? data.dropFirst(SplitFormat.byteOrderMark.count) : data
    }
}
