import Logging

/// How the lines of a log are written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// Time, level, message, then pairs of key and value.
    case text
    /// A JSON object: `time`, `level`, `message`, and the metadata as members.
    case json

    /// What every line ends with.
    package var lineEnd: StaticString {
        switch self {
        case .text: "\n"
        case .json: "}\n"
        }
    }
}

/// The members of a line in ``LogFormat/json``, after the time.
struct JSONLogLine {
    /// Members that every line has, and that metadata of these names must not be taken for.
    private static let reserved: Set<String> = ["time", "level", "message"]

    private(set) var bytes: [UInt8] = []

    init(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:]) {
        member("level", .string(level.rawValue))
        member("message", .string(message))
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            member(Self.reserved.contains(name) ? name + "_" : name, value)
        }
    }

    private mutating func member(_ name: String, _ value: Logger.MetadataValue) {
        if let last = bytes.last, last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        string(name)
        bytes.append(UInt8(ascii: ":"))
        append(value)
    }

    private mutating func append(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): string(text)
        case .stringConvertible(let value): string("\(value)")
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(value)
            }
            bytes.append(UInt8(ascii: "]"))
        case .dictionary(let values):
            bytes.append(UInt8(ascii: "{"))
            for (name, value) in values.sorted(by: { $0.key < $1.key }) { member(name, value) }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// In quotes, with quotes, backslashes and control characters escaped (RFC 8259 §7).
    private mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
            case 0..<0x20: bytes += Array((byte < 16 ? "\\u000" : "\\u00").utf8) + Array(String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
