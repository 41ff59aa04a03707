import JSON
import Testing

@testable import Service

struct SchemaTests {
    private static let schema = Schema.object([
        .init("name", .string(length: 2...4, pattern: .init("^[a-z/~é]+$", rule: "have small letters"))),
        .init("count", .integer(1...9), isRequired: false),
        .init("rate", Schema.number(0...0.5).orNull, isRequired: false),
        .init("kind", .words(["a", "b"]), isRequired: false), .init("on", .boolean, isRequired: false),
        .init("tags", .array(of: .string(), count: 1...3, isUnique: true), isRequired: false),
        .init(
            "sizes", .choice([.dictionary(of: .integer(1...3), count: 1...2), .array(of: .integer(1...3))]),
            isRequired: false),
        .init("any", .any, isRequired: false),
    ])

    private func check(_ text: String) throws -> [String: String] {
        var errors = FieldErrors()
        Self.schema.check(try JSONReader.value(Array(text.utf8)), at: "", &errors)
        return Dictionary(uniqueKeysWithValues: errors.listed.map { ($0.pointer, $0.detail) })
    }

    @Test(arguments: [
        #"{"name": "ab"}"#, #"{"name": "abcd", "count": 9, "rate": 0.5, "kind": "b", "on": false, "tags": ["x", "y"]}"#,
        #"{"name": "éé", "count": 5.0, "rate": null, "sizes": {"a": 1}, "any": [{}]}"#,
        #"{"name": "/~", "sizes": [1, 3]}"#,
    ])
    func takes(_ text: String) throws { #expect(try check(text) == [:]) }

    @Test(arguments: [
        ("[]", "", "must be an object, not an array"), ("{}", "/name", "is missing"),
        (#"{"name": 3}"#, "/name", "must be a string, not 3"),
        (#"{"name": "a"}"#, "/name", "must have 2 to 4 characters, not 1"),
        (#"{"name": "AB"}"#, "/name", #"must have small letters, not "AB""#),
        (#"{"name": "ab\n"}"#, "/name", "must have small letters, not \"ab\n\""),
        (#"{"name": "ab", "count": 10}"#, "/count", "must be an integer from 1 to 9, not 10"),
        (#"{"name": "ab", "count": 1.5}"#, "/count", "must be an integer from 1 to 9, not 1.5"),
        (#"{"name": "ab", "count": "1"}"#, "/count", #"must be an integer from 1 to 9, not "1""#),
        (#"{"name": "ab", "count": null}"#, "/count", "must be an integer from 1 to 9, not null"),
        (#"{"name": "ab", "rate": true}"#, "/rate", "must be a number from 0.0 to 0.5, not true"),
        (#"{"name": "ab", "kind": "c"}"#, "/kind", #"must be one of a, b, not "c""#),
        (#"{"name": "ab", "kind": {}}"#, "/kind", "must be one of a, b, not an object"),
        (#"{"name": "ab", "on": 0}"#, "/on", "must be true or false, not 0"),
        (#"{"name": "ab", "tags": []}"#, "/tags", "must be an array of 1 to 3 elements, not of 0"),
        (#"{"name": "ab", "tags": ["x", 1]}"#, "/tags/1", "must be a string, not 1"),
        (#"{"name": "ab", "tags": ["x", "x"]}"#, "/tags/1", #""x" comes twice"#),
        (#"{"name": "ab", "sizes": {"a/b~c": 4}}"#, "/sizes/a~1b~0c", "must be an integer from 1 to 3, not 4"),
        (#"{"name": "ab", "sizes": {}}"#, "/sizes", "must have 1 to 2 members, not 0"),
        (#"{"name": "ab", "sizes": [0]}"#, "/sizes/0", "must be an integer from 1 to 3, not 0"),
        (#"{"name": "ab", "sizes": 1}"#, "/sizes", "must be an object or an array, not 1"),
        (#"{"name": "ab", "": 1}"#, "/", "no such member; there are: name, count, rate, kind, on, tags, sizes, any"),
        (
            #"{"name": "ab", "\u00e9": 1}"#, "/é",
            "no such member; there are: name, count, rate, kind, on, tags, sizes, any"
        ),
    ])
    func refuses(_ text: String, _ pointer: String, _ detail: String) throws {
        #expect(try check(text) == [pointer: detail])
    }

    @Test func findsAllFaultsAtOnceAndListsTheFirst() throws {
        let many = (0..<50).map { "\"x\($0)\": 1" }.joined(separator: ", ")
        var errors = FieldErrors()
        Self.schema.check(try JSONReader.value(Array("{\"count\": 0, \(many)}".utf8)), at: "", &errors)
        #expect(errors.total == 52 && errors.listed.count == 20)
    }

    @Test func describesItself() throws {
        var components: [String: JSONValue] = [:]
        let description = Self.schema.named("Thing").description(&components)
        #expect(description == ["$ref": "#/components/schemas/Thing"])
        let thing = try #require(components["Thing"])
        #expect(thing["required"] == ["name"] && thing["additionalProperties"] == false)
        let members = thing["properties"]
        #expect(
            members["name"]
                == ["type": "string", "minLength": .integer(2), "maxLength": .integer(4), "pattern": "^[a-z/~é]+$"])
        #expect(members["count"] == ["type": "integer", "minimum": .integer(1), "maximum": .integer(9)])
        #expect(members["rate"] == ["type": ["number", "null"], "minimum": .number(0), "maximum": .number(0.5)])
        #expect(members["kind"] == ["type": "string", "enum": ["a", "b"]] && members["on"] == ["type": "boolean"])
        #expect(members["tags"]["uniqueItems"] == true && members["tags"]["maxItems"] == .integer(3))
        #expect(members["sizes"]["anyOf"][0]["minProperties"] == .integer(1) && members["any"] == [:])
    }

    @Test func readsFieldsByTheirDeclaration() throws {
        let seed = Field.integer("seed", 0...9, default: 7, "")
        let name = Field.optionalString("name", "")
        let on = Field<Bool>.flag("on", default: true, "")
        let values = Values(["seed": .number(3), "on": false])
        #expect(values[seed] == 3 && values[name] == nil && !values[on])
        let nothing = Values(["seed": .null])
        #expect(nothing[seed] == 7 && nothing[on])
    }
}
