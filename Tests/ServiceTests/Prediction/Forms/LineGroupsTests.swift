import Testing

@testable import Service

struct LineGroupsTests {
    private static func lines(_ text: String, by count: Int, limit: Int = 100) throws -> [(Int, String)] {
        var groups = LineGroups(limit: limit)
        var lines: [(Int, String)] = []
        func take() throws {
            while let group = try groups.next() {
                #expect(!group.lines.isEmpty && group.lines.count <= LineGroups.lineLimit)
                for line in group.lines {
                    lines.append((line.number, String(decoding: group.bytes[line.bytes], as: UTF8.self)))
                }
            }
        }
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: count) {
            groups.take(Array(bytes[start..<min(start + count, bytes.count)]))
            try take()
        }
        groups.finish()
        try take()
        return lines
    }

    @Test(arguments: [1, 2, 5, 1000])
    func areTheSameHoweverTheStreamIsCut(count: Int) throws {
        for end in ["", "\n", "\r\n", "\n\n"] {
            let lines = try Self.lines("a\n\n \t\r\nbb\r\n{}" + end, by: count)
            #expect(lines.map(\.0) == [1, 4, 5])
            #expect(lines.map { $0.1.trimmingSuffix { $0 == "\r" } } == ["a", "bb", "{}"])
        }
        #expect(try Self.lines("", by: count).isEmpty)
    }

    @Test func noneIsLostBetweenGroups() throws {
        let text = (1...1000).map(String.init).joined(separator: "\n")
        let lines = try Self.lines(text, by: 333)
        #expect(lines.map(\.1) == (1...1000).map(String.init) && lines.map(\.0) == Array(1...1000))
        // Nor where a great many are blank.
        let blank = String(repeating: "\n", count: 300_000)
        #expect(try Self.lines("a" + blank + "b", by: 300_010).map(\.0) == [1, 300_001])
    }

    @Test(arguments: [1, 7, 1000])
    func aLineThatIsTooLongIsToldAfterThoseBefore(count: Int) throws {
        var groups = LineGroups(limit: 5)
        var numbers: [Int] = []
        let error = #expect(throws: LineGroups.TooLong.self) {
            let bytes = Array("ab\n12345\n123456\nc\n".utf8)
            for start in stride(from: 0, to: bytes.count, by: count) {
                groups.take(Array(bytes[start..<min(start + count, bytes.count)]))
                while let group = try groups.next() { numbers += group.lines.map(\.number) }
            }
        }
        #expect(numbers == [1, 2] && error?.line == 3)
    }
}

extension String {
    fileprivate func trimmingSuffix(while belongs: (Character) -> Bool) -> String {
        var text = self
        while let last = text.last, belongs(last) || last == "\r\n" { text.removeLast() }
        return text
    }
}
