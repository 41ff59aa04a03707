import Testing

@testable import JSON

struct JSONReaderTests {
    static func read(_ text: String) throws(JSONError) -> JSONValue { try JSONReader.value(Array(text.utf8)) }

    @Test(arguments: [
        ("null", JSONValue.null), (" true ", .bool(true)), ("-12", .integer(-12)), ("1.5e2", .number(150)),
        ("9223372036854775807", .integer(.max)), ("9223372036854775808", .unsigned(1 << 63)), ("0", .integer(0)),
        ("-9223372036854775808", .integer(.min)), ("18446744073709551615", .unsigned(.max)), ("-0", .integer(0)),
        ("-0.0", .number(-0.0)), ("0.1", .number(0.1)), ("1E-2", .number(0.01)),
        ("5e-324", .number(.leastNonzeroMagnitude)),
        ("1e-400", .number(0)), ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
        (#""a\n\u00e9\ud83d\ude00\/""#, .string("a\né😀/")), (#""a\u0000b""#, .string("a\u{0}b")), ("\"\"", .string("")),
        ("\"\u{7F}\u{2028}\u{10FFFF}\"", .string("\u{7F}\u{2028}\u{10FFFF}")), ("[]", .array([])),
        ("\t[\r\n1 , [2]\n]", .array([.integer(1), .array([.integer(2)])])),
        (#"{"a": {"b": null}, "c": []}"#, .object(["a": .object(["b": .null]), "c": .array([])])),
        (#"{"": 1, "\u0000": 2}"#, .object(["": .integer(1), "\u{0}": .integer(2)])),
    ])
    func reads(text: String, value: JSONValue) throws {
        #expect(try Self.read(text) == value)
    }

    /// Valid JSON all of it, so that only the place of the number is at fault.
    @Test(arguments: ["1e400", "-1e400", "1e309", "2e308", "1e99999999999999999999", "12345678901234567890e400"])
    func aNumberThatNoDoubleHoldsSpoilsNothingElse(number: String) throws {
        let value = try Self.read("{\"a\": [1.5, \(number), 7], \"b\": \(number), \"c\": \"1e400\", \"d\": 2}")
        #expect(
            value
                == .object([
                    "a": .array([.number(1.5), .outOfRange, .integer(7)]), "b": .outOfRange, "c": .string("1e400"),
                    "d": .integer(2),
                ])
        )
        #expect(try Self.read(number) == .outOfRange)
    }

    @Test(arguments: [
        ("18446744073709551616", 18_446_744_073_709_551_616), ("-9223372036854775809", -9_223_372_036_854_775_808),
        ("100000000000000000000000000000000", 1e32),
    ])
    func wholeNumbersBeyond64BitsAreTheNearestDouble(text: String, number: Double) throws {
        #expect(try Self.read("[1, \(text), 2]") == .array([.integer(1), .number(number), .integer(2)]))
    }

    @Test(arguments: [
        ("", 1, 1), (" \n ", 2, 2), ("{", 1, 2), ("[1,]", 1, 4), ("[,1]", 1, 2), ("[1 2]", 1, 4), ("{\"a\":1,}", 1, 8),
        ("{\"a\":}", 1, 6), ("{\"a\",1}", 1, 5), ("{'a':1}", 1, 2), ("{a:1}", 1, 2), ("{1:1}", 1, 2), ("[1}", 1, 3),
        ("]", 1, 1), ("01", 1, 1), ("-01", 1, 1), ("1.", 1, 3), (".5", 1, 1), ("+1", 1, 1), ("- 1", 1, 2), ("1e", 1, 3),
        ("1e+", 1, 4), ("0x10", 1, 2), ("1_000", 1, 2), ("nul", 1, 1), ("True", 1, 1), ("NaN", 1, 1),
        ("-Infinity", 1, 1), ("undefined", 1, 1), ("truefalse", 1, 5), ("\"a", 1, 1), ("\"\u{1}\"", 1, 2),
        ("\"\t\"", 1, 2), ("\"a\nb\"", 1, 3), ("\"\\x\"", 1, 3), ("\"\\'\"", 1, 3), ("\"\\u12g4\"", 1, 6),
        ("\"\\u12\"", 1, 6), ("[1] 2", 1, 5), ("{} {}", 1, 4), ("1 // one", 1, 3), ("/* one */ 1", 1, 1),
        ("[1,\u{A0}2]", 1, 4), ("[\u{0}]", 1, 2), ("{\n\"a\" 1}", 2, 5), ("[\n1,\r\n nope]", 3, 2),
        ("\u{FEFF}{}", 1, 1),
    ])
    func saysWhereADocumentIsMalformed(text: String, line: Int, column: Int) throws {
        let error = try #require(throws: JSONError.self) { try Self.read(text) }
        #expect(error.kind == .malformed)
        #expect(error.position?.line == line && error.position?.column == column, "\(error)")
    }

    /// Half of a pair is refused wherever it is, whatever follows it.
    @Test(arguments: [
        #""\ud800""#, #""\uDBFF""#, #""\udc00""#, #""\ud800x""#, #""\ud800\u0041""#, #""\ud800\ud800""#,
        #""\udc00\ud800""#, #""\ud83d\n""#, #"{"\ud800": 1}"#, #"["\\", "\uD800"]"#,
    ])
    func halvesOfSurrogatePairs(text: String) throws {
        let error = try #require(throws: JSONError.self) { try Self.read(text) }
        #expect(error.reason == "half of a surrogate pair" && error.position != nil)
    }

    @Test func backslashesBeforeAnEscapeAreNoSurrogate() throws {
        #expect(try Self.read(#""\\ud800""#) == .string("\\ud800"))
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0xFF, 0xFE, 0x31, 0x00], [0x31, 0x80],
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) throws {
        let error = try #require(throws: JSONError.self) { try JSONReader.value(bytes) }
        #expect(error.kind == .malformed && error.position != nil)
    }

    @Test func namesAByteOrderMark() throws {
        let error = try #require(throws: JSONError.self) { try Self.read("\u{FEFF}{}") }
        #expect(error.description == "malformed JSON at column 1: the text begins with a byte-order mark")
    }

    @Test(arguments: [
        (#"{"a":1, "a":2}"#, "/a", 9), (#"{"a":1, "\u0061":2}"#, "/a", 9),
        (#"[0, {"x": [{"b~/": 1, "b~/": 1}]}]"#, "/1/x/0/b~0~1", 23),
        (#"{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}], "c": 1, "b": 0}"#, "/b", 52), (#"{"": 1, "": 1}"#, "/", 9),
        (#"{"\u0000": 1, "\u0000": 1e400}"#, "/\u{0}", 15),
    ])
    func refusesMembersThatComeTwice(text: String, pointer: String, column: Int) throws {
        let error = try #require(throws: JSONError.self) { try Self.read(text) }
        #expect(error.kind == .duplicateMember && error.pointer == pointer && error.position?.column == column)
    }

    @Test func boundsDepth() throws {
        var limits = JSONReader.Limits()
        limits.depth = 3
        #expect(throws: Never.self) { try JSONReader.value(Array("[[[1]]]".utf8), limits: limits) }
        for text in ["[[[[1]]]]", "{\"a\":[[{\"b\":1}]]}", String(repeating: "[", count: 100_000)] {
            let error = try #require(throws: JSONError.self) { try JSONReader.value(Array(text.utf8), limits: limits) }
            #expect(error.kind == .tooDeep && error.reason == "nested deeper than 3 levels")
        }
    }

    @Test func boundsSize() throws {
        var limits = JSONReader.Limits()
        limits.bytes = 10
        #expect(throws: Never.self) { try JSONReader.value(Array("[12345678]".utf8), limits: limits) }
        let error = try #require(throws: JSONError.self) {
            try JSONReader.value(Array("[123456789]".utf8), limits: limits)
        }
        #expect(error.kind == .tooLarge)
    }

    /// simdjson and the locator are two readers: neither takes what the other refuses.
    @Test func theLocatorAgreesWithTheParser() {
        let alphabet = Array(#"{}[],:"\u00de8tfn01-.eE+ \#n"#.utf8)
        let words = ["true", "null", "1", "\"a\"", "{\"a\":", "[", "]", "}", ",", "\\u00e9", "\"", "1e9", "-"].map {
            Array($0.utf8)
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<50_000 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                if Bool.random(using: &generator) {
                    text += words.randomElement(using: &generator)!
                } else {
                    text.append(alphabet.randomElement(using: &generator)!)
                }
            }
            let findings = text.withUnsafeBytes { JSONLocator.findings(in: $0, depth: 32) }
            let parser = JSONParser(capacity: 1 << 10, depth: 32)
            var read = false
            do throws(JSONError) {
                read = try text.withUnsafeBytes { bytes in
                    Result { () throws(JSONError) in try parser.parse(bytes) { _ in true } }
                }.get()
            } catch {
                #expect(error.position != nil, "\(String(decoding: text, as: UTF8.self))")
            }
            #expect(read == (findings.fault == nil), "\(String(decoding: text, as: UTF8.self))")
        }
    }
}
