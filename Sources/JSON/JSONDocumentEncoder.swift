/// Writes types of ours as JSON, straight into bytes.
///
/// ```swift
/// let bytes = try JSONDocumentEncoder.encode(view, snakeCase: true)
/// ```
///
/// Members come in the order of their names, whole numbers have no fraction, and slashes are not escaped.
package struct JSONDocumentEncoder: Encoder {
    fileprivate let output: Output
    fileprivate let frame: Frame
    package var codingPath: [any CodingKey] { [] }
    package var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// - Parameter snakeCase: whether names of members become snake case; keys of dictionaries stay as they are.
    /// - Throws: `EncodingError` for a number that is not finite, and what the value throws.
    package static func encode(_ value: some Encodable, snakeCase: Bool = false) throws -> [UInt8] {
        let output = Output(snakeCase: snakeCase)
        try output.encode(value)
        return output.bytes
    }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        frame.open(.object)
        return KeyedEncodingContainer(Members(output: output, frame: frame))
    }

    package func unkeyedContainer() -> any UnkeyedEncodingContainer {
        frame.open(.array)
        return Elements(output: output, frame: frame)
    }

    package func singleValueContainer() -> any SingleValueEncodingContainer {
        frame.open(.single)
        return Single(output: output)
    }
}

/// What has been written of a document.
private final class Output {
    var bytes: [UInt8] = []
    private let snakeCase: Bool
    /// Names of members as they are written: most come again and again.
    private var names: [String: String] = [:]

    init(snakeCase: Bool) {
        self.snakeCase = snakeCase
        bytes.reserveCapacity(1024)
    }

    func encode(_ value: some Encodable) throws {
        if let value = value as? JSONValue { return try write(value) }
        let frame = Frame(self, keepsNames: value is any DictionaryByString)
        try value.encode(to: JSONDocumentEncoder(output: self, frame: frame))
        frame.close()
    }

    private func write(_ value: JSONValue) throws {
        switch value {
        case .null: writeNull()
        case .bool(let flag): write(flag)
        case .integer(let number): write(number)
        case .unsigned(let number): write(number)
        case .number(let number): try write(number)
        case .outOfRange: try write(Double.infinity)
        case .string(let text): write(text)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                try write(element)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(member.key)
                bytes.append(UInt8(ascii: ":"))
                try write(member.value)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    func writeNull() { bytes += "null".utf8 }

    func write(_ flag: Bool) { bytes += (flag ? "true" : "false").utf8 }

    func write(_ number: some BinaryInteger) { bytes += String(number).utf8 }

    func write(_ number: some BinaryFloatingPoint & CustomStringConvertible) throws {
        guard number.isFinite else {
            throw EncodingError.invalidValue(number, .init(codingPath: [], debugDescription: "JSON has no such number"))
        }
        let digits = number.description.utf8
        bytes += digits.suffix(2).elementsEqual(".0".utf8) ? digits.dropLast(2) : digits[...]
    }

    func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            bytes += JSONString.quoted(text).utf8.dropFirst().dropLast()
        } else {
            bytes += text.utf8
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The name of a member.
    func name(_ key: String, isKept: Bool) -> String {
        guard snakeCase, !isKept else { return key }
        if let name = names[key] { return name }
        let name = Self.snakeCase(key)
        names[key] = name
        return name
    }

    /// `urlOfPage` as `url_of_page`. A run of capitals is a word, whose last letter begins the next: `aURLText` is `a_url_text`.
    private static func snakeCase(_ key: String) -> String {
        var name = ""
        let letters = Array(key)
        for (index, letter) in letters.enumerated() {
            if letter.isUppercase, index > 0 {
                let isFollowed = index + 1 < letters.count && letters[index + 1].isLowercase
                if !letters[index - 1].isUppercase || isFollowed { name += "_" }
            }
            name += letter.lowercased()
        }
        return name
    }
}

/// One value that is being written: what it is becomes known with the first container that is asked for.
private final class Frame {
    enum Kind { case object, array, single }

    private let output: Output
    let keepsNames: Bool
    private var kind: Kind?
    /// Where its first byte lies.
    private let start: Int
    /// Where each member lies, and its name.
    private var members: [(name: String, start: Int, end: Int)] = []
    private var isSorted = true
    private(set) var count = 0
    /// A container that was given out for the last member or element, and ends with the next.
    private var child: Frame?

    init(_ output: Output, keepsNames: Bool) {
        self.output = output
        self.keepsNames = keepsNames
        start = output.bytes.count
    }

    func open(_ kind: Kind) {
        precondition(self.kind == nil || self.kind == kind, "a value is one thing")
        guard self.kind == nil else { return }
        self.kind = kind
        if kind != .single { output.bytes.append(UInt8(ascii: kind == .object ? "{" : "[")) }
    }

    /// Begins a member or, without a name, an element.
    func begin(_ key: String? = nil) {
        endLast()
        if count > 0 { output.bytes.append(UInt8(ascii: ",")) }
        count += 1
        guard let key else { return }
        let name = output.name(key, isKept: keepsNames)
        if let last = members.last, last.name > name { isSorted = false }
        members.append((name, output.bytes.count, 0))
        output.write(name)
        output.bytes.append(UInt8(ascii: ":"))
    }

    /// Begins a member or element that is filled from outside.
    func beginNested(_ key: String? = nil) -> Frame {
        begin(key)
        let frame = Frame(output, keepsNames: false)
        child = frame
        return frame
    }

    func close() {
        // What says nothing of itself has no members.
        if kind == nil { open(.object) }
        endLast()
        guard kind != .single else { return }
        if !isSorted { sort() }
        output.bytes.append(UInt8(ascii: kind == .object ? "}" : "]"))
    }

    private func endLast() {
        child?.close()
        child = nil
        if !members.isEmpty { members[members.count - 1].end = output.bytes.count }
    }

    private func sort() {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(output.bytes.count - start)
        for member in members.sorted(by: { $0.name < $1.name }) {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
            bytes += output.bytes[member.start..<member.end]
        }
        output.bytes.replaceSubrange((start + 1)..., with: bytes)
    }
}

/// Keys of dictionaries are no names of ours.
private protocol DictionaryByString {}
extension Dictionary: DictionaryByString where Key == String {}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let output: Output
    let frame: Frame
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) {
        frame.begin(key.stringValue)
        output.writeNull()
    }

    func encode(_ value: Bool, forKey key: Key) {
        frame.begin(key.stringValue)
        output.write(value)
    }

    func encode(_ value: String, forKey key: Key) {
        frame.begin(key.stringValue)
        output.write(value)
    }

    func encode(_ value: Int, forKey key: Key) {
        frame.begin(key.stringValue)
        output.write(value)
    }

    func encode(_ value: Double, forKey key: Key) throws {
        frame.begin(key.stringValue)
        try output.write(value)
    }

    func encode(_ value: Float, forKey key: Key) throws {
        frame.begin(key.stringValue)
        try output.write(value)
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        frame.begin(key.stringValue)
        try output.encode(value)
    }

    func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Inner> {
        JSONDocumentEncoder(output: output, frame: frame.beginNested(key.stringValue)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        JSONDocumentEncoder(output: output, frame: frame.beginNested(key.stringValue)).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        JSONDocumentEncoder(output: output, frame: frame.beginNested("super"))
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        JSONDocumentEncoder(output: output, frame: frame.beginNested(key.stringValue))
    }
}

private struct Elements: UnkeyedEncodingContainer {
    let output: Output
    let frame: Frame
    var codingPath: [any CodingKey] { [] }
    var count: Int { frame.count }

    func encodeNil() {
        frame.begin()
        output.writeNull()
    }

    func encode(_ value: String) {
        frame.begin()
        output.write(value)
    }

    func encode(_ value: Int) {
        frame.begin()
        output.write(value)
    }

    func encode(_ value: Double) throws {
        frame.begin()
        try output.write(value)
    }

    func encode(_ value: some Encodable) throws {
        frame.begin()
        try output.encode(value)
    }

    func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        JSONDocumentEncoder(output: output, frame: frame.beginNested()).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        JSONDocumentEncoder(output: output, frame: frame.beginNested()).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { JSONDocumentEncoder(output: output, frame: frame.beginNested()) }
}

private struct Single: SingleValueEncodingContainer {
    let output: Output
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { output.writeNull() }
    func encode(_ value: Bool) { output.write(value) }
    func encode(_ value: String) { output.write(value) }
    func encode(_ value: Double) throws { try output.write(value) }
    func encode(_ value: Float) throws { try output.write(value) }
    func encode(_ value: Int) { output.write(value) }
    func encode(_ value: Int8) { output.write(value) }
    func encode(_ value: Int16) { output.write(value) }
    func encode(_ value: Int32) { output.write(value) }
    func encode(_ value: Int64) { output.write(value) }
    func encode(_ value: UInt) { output.write(value) }
    func encode(_ value: UInt8) { output.write(value) }
    func encode(_ value: UInt16) { output.write(value) }
    func encode(_ value: UInt32) { output.write(value) }
    func encode(_ value: UInt64) { output.write(value) }
    func encode(_ value: some Encodable) throws { try output.encode(value) }
}
