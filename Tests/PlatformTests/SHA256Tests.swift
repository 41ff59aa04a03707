import Foundation
import Platform
import Testing

@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func publishedExamples(message: String, digest: String) {
        #expect(SHA256.digest(of: Data(message.utf8)) == "sha256:" + digest)
    }

    @Test func piecesGiveTheDigestOfTheWhole() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        var hash = SHA256()
        for start in stride(from: 0, to: bytes.count, by: 7) {
            hash.update(Array(bytes[start..<min(start + 7, bytes.count)]))
        }
        #expect(hash.finish() == SHA256.digest(of: bytes))
    }

    @Test func filesHaveTheDigestOfTheirBytes() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("digest-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        // Longer than what is read at once.
        let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try SHA256.digest(ofFile: path) == SHA256.digest(of: bytes))
        #expect(throws: SystemError("read", path: "/", code: EISDIR)) { try SHA256.digest(ofFile: "/") }
        #expect(throws: SystemError("open", path: path + "x", code: ENOENT)) { try SHA256.digest(ofFile: path + "x") }
    }
}
