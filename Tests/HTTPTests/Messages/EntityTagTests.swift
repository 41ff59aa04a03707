import Testing

@testable import HTTP

/// RFC 9110 §8.8.3; what conditions make of tags is in the table of conformance.
struct EntityTagTests {
    @Test(arguments: [
        (#""""#, #""""#, false), (#""a""#, #""a""#, false), (#"W/"a""#, #""a""#, true),
        (#""a,W/b""#, #""a,W/b""#, false),
        ("\"\u{E9}\"", "\"\u{E9}\"", false),
    ])
    func readsTags(_ text: String, _ opaque: Substring, _ isWeak: Bool) throws {
        let tag = try #require(EntityTag(text))
        #expect(tag.opaque == opaque && tag.isWeak == isWeak)
    }

    @Test(arguments: [
        "", "a", "\"", "\"a", "a\"", "W/", "W/a", #"w/"a""#, #"W/ "a""#, #" "a""#, #""a" "#, #""a b""#, "\"\t\"",
        "\"\u{7F}\"", #""a""b""#,
        #""a", "b""#, "*",
    ])
    func knowsWhatIsNoTag(_ text: String) {
        #expect(EntityTag(text) == nil)
    }

    /// The table of §8.8.3.2.
    @Test(arguments: [
        (#"W/"1""#, #"W/"1""#, false, true), (#"W/"1""#, #"W/"2""#, false, false), (#"W/"1""#, #""1""#, false, true),
        (#""1""#, #"W/"1""#, false, true), (#""1""#, #""1""#, true, true), (#""1""#, #""2""#, false, false),
    ])
    func compares(_ left: String, _ right: String, _ isSame: Bool, _ isLike: Bool) throws {
        let (left, right) = try (#require(EntityTag(left)), #require(EntityTag(right)))
        #expect(left.isSame(as: right) == isSame)
        #expect(left.isLike(right) == isLike)
    }
}
