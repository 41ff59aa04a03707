import Testing

@testable import JSON

struct JSONElementTests {
    static func read<Value>(_ text: String, _ body: (JSONElement) -> Value) throws -> Value {
        let parser = JSONParser(capacity: 1 << 20, depth: 8)
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
}
