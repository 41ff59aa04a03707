import Foundation
import Testing

@testable import Jobs

@Suite struct MessageReaderTests {
    private static let line = Array(#"{"type":"failure","message":"m"}"#.utf8) + [UInt8(ascii: "\n")]

    @Test func linesMayComeInAnyPieces() {
        let bytes = Self.line + Self.line + Self.line
        for size in 1...bytes.count {
            var reader = MessageReader()
            var lines: [MessageReader.Line] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                lines += reader.read(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(lines == Array(repeating: .message(.failure(message: "m")), count: 3))
            #expect(reader.finish() == nil)
        }
    }

    @Test func lastLineNeedsNoLineFeed() {
        var reader = MessageReader()
        #expect(reader.read(Self.line.dropLast()).isEmpty)
        #expect(reader.finish() == .message(.failure(message: "m")))
    }

    @Test func blankLinesAreNothing() {
        var reader = MessageReader()
        #expect(reader.read(Array("\n \r\n\n".utf8)).isEmpty)
    }

    @Test(arguments: [
        ("hello", "not a message"),
        ("{\"type\":\"result\"", "not a message"),
        ("[]", "must be an object, not an array"),
        (#"{"type":"dance"}"#, "/type: \"dance\" is not a value there is"),
        (#"{"type":"metric","step":1}"#, "no field name"),
        (
            #"{"type":"metric","name":"l","step":"1"}"#,
            "/step: must be an integer from \(Int.min) to \(Int.max), not a string"
        ),
        (#"{"type":"result","document":[1]}"#, "/document: must be an object, not an array"),
        (#"{"step":1}"#, "/type: is missing"),
        (
            #"{"type":"event","kind":"state","document":{"state":"succeeded"}}"#,
            "an event of kind state, which is the server's"
        ),
    ])
    func otherOutputIsHandedOn(line: String, reason: String) {
        var reader = MessageReader()
        #expect(reader.read(Array((line + "\n").utf8)) == [.unreadable(reason: reason, excerpt: line)])
    }

    @Test func bytesThatAreNotUTF8AreHandedOn() {
        var reader = MessageReader()
        let lines = reader.read([0xFF, 0xFE, 0x80, UInt8(ascii: "\n")] + Self.line)
        #expect(lines.count == 2)
        #expect(lines.last == .message(.failure(message: "m")))
    }

    @Test func overlongLineIsPassedOver() {
        var reader = MessageReader(maxLineLength: Self.line.count - 1)
        var lines = reader.read(Self.line)
        for _ in 0..<10 {
            lines += reader.read([UInt8](repeating: UInt8(ascii: "x"), count: 50))
        }
        lines += reader.read([UInt8(ascii: "\n")] + Self.line)
        #expect(
            lines == [
                .message(.failure(message: "m")),
                .unreadable(
                    reason: "longer than \(Self.line.count - 1) bytes",
                    excerpt: String(repeating: "x", count: Self.line.count - 1)
                ),
                .message(.failure(message: "m")),
            ]
        )
    }
}
