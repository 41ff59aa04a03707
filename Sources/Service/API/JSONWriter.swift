import JSON

/// Writes a JSON document straight into bytes: for answers that are asked for so often that an encoder would cost more than
/// what is said.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.object {
///     $0.member("version") { $0.value(3) }
/// }
/// ```
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether a comma has to come before what is written next.
    private var isFollowing = false

    init(reserving capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    mutating func object(_ body: (inout JSONWriter) -> Void) { nest("{", "}", body) }

    mutating func array(_ body: (inout JSONWriter) -> Void) { nest("[", "]", body) }

    mutating func member(_ name: String, _ value: (inout JSONWriter) -> Void) {
        member(quoted: Self.quoted(name), value)
    }

    /// - Parameter name: as ``quoted(_:)`` gives it.
    mutating func member(quoted name: [UInt8], _ value: (inout JSONWriter) -> Void) {
        separate()
        bytes += name
        bytes.append(UInt8(ascii: ":"))
        isFollowing = false
        value(&self)
    }

    mutating func value(_ text: String) { raw(Self.quoted(text)) }

    mutating func value(_ number: Int) {
        separate()
        bytes.append(contentsOf: String(number).utf8)
        isFollowing = true
    }

    mutating func value(_ flag: Bool) { raw((flag ? "true" : "false").utf8) }

    /// In as few digits as give this float again.
    ///
    /// - Precondition: the number is finite.
    mutating func value(_ number: Float) {
        precondition(number.isFinite, "JSON has no word for \(number)")
        separate()
        bytes.append(contentsOf: number.description.utf8)
        isFollowing = true
    }

    /// - Precondition: the number is finite.
    mutating func value(_ number: Double) {
        precondition(number.isFinite, "JSON has no word for \(number)")
        separate()
        bytes.append(contentsOf: number.description.utf8)
        isFollowing = true
    }

    /// A value that is JSON already.
    mutating func raw(_ value: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
        isFollowing = true
    }

    private mutating func separate() {
        if isFollowing { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func nest(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: open))
        isFollowing = false
        body(&self)
        bytes.append(UInt8(ascii: close))
        isFollowing = true
    }

    /// A string as JSON has it (RFC 8259 §7).
    static func quoted(_ text: String) -> [UInt8] { Array(JSONString.quoted(text).utf8) }
}
