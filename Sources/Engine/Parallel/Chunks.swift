/// 0 ..< length in parts of the same size, but for the last.
struct Cut {
    private let length: Int
    private let part: Int
    let count: Int

    /// As few parts as hold about `most` each, whose bounds are multiples of `multiple`. None when the length is 0.
    init(_ length: Int, most: Int, multiple: Int = 1) {
        self.length = length
        let wanted = max(1, (length + most - 1) / most)
        part = max(1, ((length + wanted - 1) / wanted + multiple - 1) / multiple * multiple)
        count = (length + part - 1) / part
    }

    subscript(index: Int) -> Range<Int> { index * part..<min(length, (index + 1) * part) }

    /// The rows of a matrix, as many at a time as are worth handing to another thread.
    init(rows: Int, columns: Int) { self.init(rows, most: max(1, 16_384 / max(columns, 1))) }

    /// Calls `body` with each part, on several threads.
    func forEach(_ body: (Range<Int>) -> Void) {
        Parallel.forEach(count) { body(self[$0]) }
    }
}
