/// Where name and value lie in one field line (RFC 9112 §5), given without its end.
struct FieldLine {
    let name: Range<Int>
    /// Without the blanks around it.
    let value: Range<Int>

    init(_ line: UnsafeBufferPointer<UInt8>) throws(RequestError) {
        var index = 0
        while index < line.count, ByteSet.token.contains(line[index]) { index += 1 }
        guard index < line.count, line[index] == UInt8(ascii: ":") else {
            throw .malformed(Self.defect(line, at: index))
        }
        guard index > 0 else { throw .malformed("a field has no name") }
        name = 0..<index
        var start = index + 1
        var end = line.count
        while start < end, line[start].isBlank { start += 1 }
        while end > start, line[end - 1].isBlank { end -= 1 }
        value = start..<end
        for index in value where !line[index].isFieldContent {
            throw .malformed("\(Self.text(line[name])) holds a control character")
        }
    }

    private static func defect(_ line: UnsafeBufferPointer<UInt8>, at index: Int) -> String {
        guard index < line.count else { return "a field line has no colon" }
        if index == 0, line[index].isBlank { return "a field line is folded" }
        let name = text(line[..<index])
        return line[index].isBlank
            ? "the field name \(name) is followed by a blank" : "the field name \(name)… holds an invalid character"
    }

    /// As much of a name as helps to find it.
    private static func text(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        String(decoding: name.prefix(64), as: UTF8.self)
    }
}
