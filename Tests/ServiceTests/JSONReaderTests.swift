import Testing

@testable import Service

struct JSONReaderTests {
    @Test(arguments: [
        ("null", JSON.null), (" true ", .bool(true)), ("-12", .integer(-12)), ("1.5e2", .number(150)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("0", .integer(0)),
        (#""a\n\u00e9\ud83d\ude00\/""#, .string("a\né😀/")), ("[]", .array([])),
        ("[1, [2]]", .array([.integer(1), .array([.integer(2)])])),
        (#"{"a": {"b": null}, "c": []}"#, .object(["a": .object(["b": .null]), "c": .array([])])),
    ])
    func reads(text: String, value: JSON) throws {
        #expect(try JSONReader.read(Array(text.utf8)) == value)
    }

    @Test(arguments: [
        ("", 1, 1), ("{", 1, 2), ("[1,]", 1, 4), ("{\"a\":1,}", 1, 8), ("01", 1, 2), ("1.", 1, 3), ("- 1", 1, 2),
        ("nul", 1, 1), ("\"a", 1, 3), ("\"\u{1}\"", 1, 2), ("\"\\x\"", 1, 3), ("\"\\ud800\"", 1, 8),
        ("\"\\u12g4\"", 1, 4),
        ("[1] 2", 1, 5), ("{\"a\":1,\n \"a\":2}", 2, 2), ("{'a':1}", 1, 2), ("1e999", 1, 1), ("{\n\"a\" 1}", 2, 5),
        (String(repeating: "[", count: 100_000), 1, 33),
    ])
    func saysWhereADocumentIsMalformed(text: String, line: Int, column: Int) throws {
        let fault = try #require(throws: JSONReader.Fault.self) { try JSONReader.read(Array(text.utf8)) }
        #expect(fault.line == line && fault.column == column, "\(fault)")
    }

    @Test func refusesWhatIsNotUTF8() {
        #expect(throws: JSONReader.Fault.self) { try JSONReader.read([0x22, 0xFF, 0x22]) }
    }
}
