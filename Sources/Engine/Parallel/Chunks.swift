/// 0 ..< length in parts of the same size, but for the last.
struct Chunks {
    private let length: Int
    private let part: Int
    let count: Int

    /// At most `parts` parts, whose bounds are multiples of `multiple`. None when the length is 0.
    init(_ length: Int, parts: Int, multiple: Int = 1) {
        self.length = length
        guard parts > 1 else {
            (part, count) = (length, length > 0 ? 1 : 0)
            return
        }
        part = max(1, ((length + parts - 1) / parts + multiple - 1) / multiple * multiple)
        count = (length + part - 1) / part
    }

    /// As few parts as hold about `most` each.
    init(_ length: Int, most: Int, multiple: Int = 1) {
        // Most are of one part, and to divide takes as long as some of them do.
        self.init(length, parts: length <= most ? 1 : (length + most - 1) / most, multiple: multiple)
    }

    /// The rows of a matrix, as many at a time as are worth handing to another thread.
    init(rows: Int, columns: Int) {
        self.init(rows, most: rows * columns <= 16_384 ? rows : max(1, 16_384 / columns))
    }

    subscript(index: Int) -> Range<Int> { index * part..<min(length, (index + 1) * part) }

    /// Calls `body` with each part, on several threads.
    func forEach(_ body: (Range<Int>) -> Void) {
        Parallel.forEach(count) { body(self[$0]) }
    }
}
