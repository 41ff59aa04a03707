import Testing

@testable import JSON

struct JSONElementTests {
    static func read<Value>(
        _ text: String, matrices: Bool = false, _ body: (JSONElement) -> Value
    ) throws -> Value {
        let parser = JSONParser(capacity: 1 << 20, depth: 8, readsMatrices: matrices)
        return try Array(text.utf8).withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try parser.parse(bytes, body) }
        }.get()
    }

    static func matrix(_ text: String) throws -> Result<[Float], JSONElement.MatrixFault> {
        try read(text) { root in
            Result { () throws(JSONElement.MatrixFault) in
                let (rows, columns) = try root.matrixShape()
                return try root.matrix(rows: rows, columns: columns)
            }
        }
    }

    @Test func matrices() throws {
        #expect(try Self.matrix("[[1, 2.5], [-3, 1e-3]]").get() == [1, 2.5, -3, 1e-3])
        #expect(
            try Self.matrix("[[18446744073709551616, 100000000000000000000]]").get() == [18446744073709551616, 1e20])
        #expect(try Self.matrix("[]").get() == [])
        #expect(try Self.matrix("[[1], 2]") == .failure(.rowIsNotArray(row: 1)))
        #expect(try Self.matrix("[[1], [2, 3]]") == .failure(.ragged(row: 1, columns: 2, expected: 1)))
        #expect(try Self.matrix("[[1, 2], [3, \"4\"]]") == .failure(.notANumber(row: 1, column: 1)))
        #expect(try Self.matrix("[[1, 2], [3e38, 4e38]]") == .failure(.notFinite(row: 1, column: 1)))
        #expect(try Self.matrix("[[1, 2], [3, 4e400]]") == .failure(.notFinite(row: 1, column: 1)))
    }

    @Test func aPoolHandsItsParsersOutAgain() throws {
        let pool = JSONParserPool(limits: .init())
        for count in 1...20 {
            let text = Array("[\(Array(repeating: "1e400", count: count).joined(separator: ","))]".utf8)
            let numbers = try text.withUnsafeBytes { bytes in
                Result { () throws(JSONError) in
                    try pool.parse(bytes) { root in
                        var numbers: [Double] = []
                        root.forEachElement { numbers.append($0.number) }
                        return numbers
                    }
                }
            }.get()
            #expect(numbers == Array(repeating: .infinity, count: count))
        }
    }

    /// All that can be had of a value, floats to the bit.
    private static func description(_ value: JSONElement) -> String {
        switch value.kind {
        case .null: return "null"
        case .bool: return "\(value.bool)"
        case .number: return "\(value.number) \(value.integer ?? 0) \(value.unsigned ?? 0)"
        case .string: return "\"\(value.string)\""
        case .array:
            var elements: [String] = []
            value.forEachElement { elements.append(description($0)) }
            let matrix = Result { () throws(JSONElement.MatrixFault) in
                let (rows, columns) = try value.matrixShape()
                return try value.matrix(rows: rows, columns: columns).map(\.bitPattern)
            }
            let numbers = Result { () throws(JSONElement.MatrixFault) in try value.numbers().map(\.bitPattern) }
            return "\(value.elementCount) \(matrix) \(numbers) [\(elements.joined(separator: ", "))]"
        case .object:
            var members: [String] = []
            value.forEachMember { members.append("\($0): \(description($1))") }
            return "{\(members.joined(separator: ", "))}"
        }
    }

    private static func outcome(_ text: String, matrices: Bool) -> String {
        do { return try read(text, matrices: matrices, description) } catch { return "\(error)" }
    }

    /// Numbers of all forms, and what only looks like one.
    private static let forms = [
        "0", "-0", "0.0", "-0.0", "-0e5", "7", "-12", "0.12573023", "-0.13210486", "8.5", "1.2345678e-05", "1E5",
        "1e+05",
        "123.456789012345", "0.12345678901234", "0.123456789012345", "0.1234567890123456", "0.30000001192092896",
        "1e22", "1e23", "1e-22", "1e-23", "3.4028235e38", "1e-45", "1.17549435e-38", "1e-400", "123456789012345678",
        "12345678901234567890", "18446744073709551616", "-9223372036854775809", "100000000000000000000",
        "3.5e38", "-1e400", "01", "1.", ".5", "+1", "1e", "-", "1x", "null", "true", "\"1\"", "[1]", "{}", "NaN",
    ]

    @Test(arguments: ["", " ", "\n  "]) func matricesAreReadAlikeInBothWays(space: String) {
        for form in Self.forms {
            // Long enough that the form comes near no edge of the text, and near either.
            for before in [0, 1, 3, 40] {
                for after in [0, 2, 40] {
                    let numbers =
                        [String](repeating: "0.25", count: before) + [form] + [String](repeating: "-1.5", count: after)
                    let row = "[" + numbers.joined(separator: ",\(space)") + "\(space)]"
                    for text in [
                        "[\(row)]", "[\(row),\(space)\(row)]", "[\(space)\(row),[1]]", "[[\(row)],null]",
                        "{\"a\":null,\"[[1]]\\\"n\":\(row),\"b\":[\(row)],\"c\":[null,[[2]]]}", "[[1],\(row)",
                        "[\(row)]]",
                    ] {
                        #expect(Self.outcome(text, matrices: true) == Self.outcome(text, matrices: false), "\(text)")
                    }
                }
            }
        }
    }

    @Test func matricesCountAsLevels() {
        for depth in 1...10 {
            let text = String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
            #expect(Self.outcome(text, matrices: true) == Self.outcome(text, matrices: false))
            #expect(Self.outcome(text, matrices: true).contains("deep") == (depth > 8))
        }
    }
}
