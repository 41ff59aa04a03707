import Foundation
import JSON
import Testing

struct JSONValueDecoderTests {
    struct Inner: Codable, Equatable {
        var size: Int
        var name: String?
    }

    enum Choice: String, Codable { case one, two }

    struct Outer: Codable, Equatable {
        var flag = true
        var seed = UInt64.max
        var small: UInt8 = 255
        var rate = 0.1
        var scale: Float = 1e-7
        var inner = [Inner(size: 1, name: "a"), Inner(size: -2, name: nil)]
        var table = ["x": [1.5, 2], "y/z": []]
        var choice = Choice.two
        var none: [String]?
        var some: [String?] = ["a", nil]
    }

    @Test func whatTheEncoderWritesComesBack() throws {
        let value = Outer()
        #expect(try JSONReader.decode(Outer.self, from: JSONEncoder().encode(value)) == value)
    }

    @Test(arguments: [
        ("[]", "", "must be an object, not an array"),
        ("{}", "/flag", "is missing"),
        ("{\"flag\": 1}", "/flag", "must be true or false, not 1"),
        ("{\"flag\": true, \"seed\": -1}", "/seed", "must be an integer from 0 to 18446744073709551615, not -1"),
        (
            "{\"flag\": true, \"seed\": 1e400}", "/seed",
            "must be an integer from 0 to 18446744073709551615, not a number that does not fit 64 bits"
        ),
        ("{\"flag\": true, \"seed\": 1, \"small\": 256}", "/small", "must be an integer from 0 to 255, not 256"),
        ("{\"flag\": true, \"seed\": 1, \"small\": 0.5}", "/small", "must be an integer from 0 to 255, not 0.5"),
        ("{\"flag\": true, \"seed\": 1, \"small\": 2.0, \"rate\": null}", "/rate", "must be a number, not null"),
        (
            "{\"flag\": true, \"seed\": 1, \"small\": 2, \"rate\": 1, \"scale\": 1e39}", "/scale",
            "must be a number that fits 32 bits, not 1e+39"
        ),
        (
            "{\"flag\": true, \"seed\": 1, \"small\": 2, \"rate\": 1, \"scale\": 1, \"inner\": [{\"size\": 1}, {\"size\": \"x\"}]}",
            "/inner/1/size",
            "must be an integer from -9223372036854775808 to 9223372036854775807, not a string"
        ),
    ])
    func saysWhatIsWrongAndWhere(text: String, pointer: String, reason: String) throws {
        let error = try #require(throws: JSONError.self) { try JSONReader.decode(Outer.self, from: Data(text.utf8)) }
        #expect(error == JSONError(.mismatch, reason, pointer: pointer))
    }

    @Test func anUnknownChoiceNamesItsPlaceAndNoType() throws {
        let error = try #require(throws: JSONError.self) {
            try JSONReader.decode([Choice].self, from: Data("[\"one\", \"three\"]".utf8))
        }
        #expect(error.pointer == "/1" && error.kind == .mismatch)
    }
}
