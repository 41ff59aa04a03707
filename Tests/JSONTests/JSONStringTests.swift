import Testing

@testable import JSON

struct JSONStringTests {
    @Test(arguments: [
        ("", #""""#), ("a/b", #""a/b""#), ("\"\\", #""\"\\""#), ("\n\r\t", #""\n\r\t""#),
        ("\u{0}\u{1F}", #""\u0000\u001f""#),
        ("é😀\u{7F}\u{2028}", "\"é😀\u{7F}\u{2028}\""), ("\r\n", #""\r\n""#),
    ])
    func quotes(text: String, quoted: String) {
        #expect(JSONString.quoted(text) == quoted)
    }

    @Test func everyScalarComesBack() throws {
        var text = ""
        for value in UInt32(0)...0x2FFF { if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) } }
        #expect(try JSONReader.value(Array(JSONString.quoted(text).utf8)) == .string(text))
    }
}
