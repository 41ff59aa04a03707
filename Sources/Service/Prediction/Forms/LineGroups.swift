/// Cuts a stream of bytes into groups of whole lines, so that few are in memory at a time. A value without threads.
struct LineGroups {
    /// Lines that are answered together.
    struct Group {
        var bytes: [UInt8] = []
        /// Those that are not blank, without their ends, with their numbers from 1.
        var lines: [(number: Int, bytes: Range<Int>)] = []
    }

    /// A line that is longer than it may be.
    struct TooLong: Error {
        let line: Int
    }

    /// The most lines of a group.
    static let lineLimit = 256
    /// The most bytes of a group, but for its last line.
    private static let byteLimit = 256 << 10

    /// The most bytes of a line.
    private let limit: Int
    /// What was not given out begins at `start`; before `searched` no line ends.
    private var rest: [UInt8] = []
    private var (start, searched) = (0, 0)
    /// Of the last line that was found.
    private var number = 0
    private var tooLong: TooLong?

    init(limit: Int) { self.limit = limit }

    /// Takes the next bytes of the stream. To be called when ``next()`` has nothing more.
    mutating func take(_ bytes: [UInt8]) {
        rest.removeFirst(start)
        (start, searched) = (0, searched - start)
        rest += bytes
    }

    /// The stream has ended, and its last line with it.
    mutating func finish() { take([UInt8(ascii: "\n")]) }

    /// The next lines; nil when it takes more bytes to go on.
    mutating func next() throws(TooLong) -> Group? {
        var group = Group()
        while group.lines.count < Self.lineLimit, group.bytes.count < Self.byteLimit, let line = nextLine() {
            if rest[line].allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            let begin = group.bytes.count
            group.bytes += rest[line]
            group.lines.append((number, begin..<group.bytes.count))
        }
        if !group.lines.isEmpty { return group }
        if let tooLong { throw tooLong }
        return nil
    }

    /// The next whole line; nil when there is none, or one that is too long.
    private mutating func nextLine() -> Range<Int>? {
        guard tooLong == nil else { return nil }
        let end = rest[searched...].firstIndex(of: UInt8(ascii: "\n"))
        let length = (end ?? rest.count) - start
        searched = end.map { $0 + 1 } ?? rest.count
        guard length <= limit else {
            tooLong = TooLong(line: number + 1)
            return nil
        }
        guard let end else { return nil }
        number += 1
        defer { start = end + 1 }
        return start..<end
    }
}
