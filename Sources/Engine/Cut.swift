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
}
