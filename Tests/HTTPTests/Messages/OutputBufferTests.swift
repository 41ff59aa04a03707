import Testing

@testable import HTTP

struct OutputBufferTests {
    private func text(_ body: (inout OutputBuffer) -> Void) -> String {
        var output = OutputBuffer(capacity: 1)
        body(&output)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    @Test func growsWithWhatIsAppended() {
        let words = (0..<500).map { "word\($0)é" }
        #expect(text { output in for word in words { output.append(word) } } == words.joined())
        #expect(
            text {
                $0.append("a")
                $0.append(UInt8(ascii: "b"))
                $0.append([UInt8]())
                $0.append(Array("cd".utf8))
            } == "abcd")
        #expect(
            text {
                $0.append("gone")
                $0.removeAll()
                $0.append("here")
            } == "here")
    }

    @Test(arguments: [
        0, 1, 9, 10, 11, 99, 100, 101, 12_345, 999_999_999_999_999_999, 1_000_000_000_000_000_000, .max,
    ])
    func numbersAreWritten(_ number: Int) {
        #expect(text { $0.append(decimal: number) } == "\(number)")
        #expect(text { $0.append(hexadecimal: UInt(number)) } == String(number, radix: 16))
        let digits = String(number, radix: 16)
        #expect(text { $0.append(word: UInt64(number)) } == String(repeating: "0", count: 16 - digits.count) + digits)
    }
}
