import Jobs
import Testing

@Suite struct IdentifierTests {
    @Test func hasPrefixAndTwentyCharacters() {
        #expect(Identifier.make("job").wholeMatch(of: /job_[0-9a-hjkmnp-tv-z]{20}/) != nil)
    }

    @Test func doesNotRepeat() {
        #expect(Set((0..<1000).map { _ in Identifier.make("ds") }).count == 1000)
    }

    @Test func followsTheBits() {
        #expect(Identifier.make("x", random: { .max }) == "x_" + String(repeating: "z", count: 20))
    }
}
