import Foundation
import JSON
import Testing

/// Documents against those of Foundation's encoder.
struct JSONDocumentEncoderTests {
    private struct Inner: Encodable {
        var aURLText = "a/b \"quoted\" \u{1} \n é 😀"
        var isHTTP = true
        var none: Int?
        var list: [Double?] = [1, nil, -0.5, 1e-7, 1e300]
        var empty: [Int] = []
        var float: Float = 0.1
        var small = Int8.min
        var large = UInt64.max
    }

    private struct Outer: Encodable {
        var zLast = 1
        var inner = Inner()
        var byName = ["keyOf": Inner(), "b c": Inner(), "a": Inner()]
        var nested = [["x": [1, 2]], [:]]
        var nothing = [String: Int]()
        var firstOfAll = Choice.two
    }

    private enum Choice: String, Encodable { case one, two }

    /// Fills its containers bit by bit.
    private struct Nested: Encodable {
        enum Key: String, CodingKey { case list, object, last }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            try list.encode(1)
            var inner = list.nestedContainer(keyedBy: Key.self)
            try inner.encode("x", forKey: .object)
            try list.encodeNil()
            var object = container.nestedContainer(keyedBy: Key.self, forKey: .object)
            try object.encode(true, forKey: .last)
            try object.encode(Float(2), forKey: .list)
            try container.encodeNil(forKey: .last)
        }
    }

    private func expectAsFoundation(_ value: some Encodable) throws {
        for snakeCase in [false, true] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            if snakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
            let expected = String(decoding: try encoder.encode(value), as: UTF8.self)
            let actual = String(decoding: try JSONDocumentEncoder.encode(value, snakeCase: snakeCase), as: UTF8.self)
            #expect(actual == expected)
        }
    }

    @Test func writesWhatFoundationDoes() throws {
        try expectAsFoundation(Outer())
        try expectAsFoundation([Inner(), Inner()])
        try expectAsFoundation(Nested())
        try expectAsFoundation([Nested(), Nested()])
        try expectAsFoundation("text")
        try expectAsFoundation([1.0, 2.5])
        try expectAsFoundation([Int?]())
        try expectAsFoundation(Optional<Int>.none)
    }

    @Test func writesValuesAsTheyWereRead() throws {
        let text = #"{"a":[1,2.5,true,null,"x\"y",18446744073709551615],"b":{},"camelCase":{"d":[]}}"#
        let value = try JSONReader.value(Array(text.utf8))
        #expect(String(decoding: try JSONDocumentEncoder.encode(value, snakeCase: true), as: UTF8.self) == text)
        #expect(
            String(decoding: try JSONDocumentEncoder.encode(["outerKey": value], snakeCase: true), as: UTF8.self)
                == #"{"outerKey":\#(text)}"#)
    }

    @Test func refusesWhatJSONHasNoWordFor() {
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(throws: EncodingError.self) { try JSONDocumentEncoder.encode([number]) }
            #expect(throws: EncodingError.self) { try JSONDocumentEncoder.encode(["a": Float(number)]) }
        }
        #expect(throws: EncodingError.self) { try JSONDocumentEncoder.encode(JSONValue.outOfRange) }
    }
}
