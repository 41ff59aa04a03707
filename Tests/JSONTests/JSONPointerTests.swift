import JSON
import Testing

struct JSONPointerTests {
    /// The examples of RFC 6901, section 5, and what is easily got wrong.
    @Test(arguments: [
        ("", []), ("/foo", ["foo"]), ("/foo/0", ["foo", "0"]), ("/", [""]), ("/a~1b", ["a/b"]), ("/c%d", ["c%d"]),
        ("/m~0n", ["m~n"]), ("/ ", [" "]), ("/k\"l", ["k\"l"]), ("/~01", ["~1"]), ("/~0~1~00", ["~/~0"]),
        ("/a//b", ["a", "", "b"]),
    ])
    func namesAndPointers(pointer: String, tokens: [String]) {
        #expect(JSONPointer.tokens(pointer) == tokens)
        #expect(tokens.reduce("") { JSONPointer.member($1, of: $0) } == pointer)
    }
}
