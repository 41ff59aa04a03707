import HTTPTypes
import Testing

@testable import HTTP

/// `If-None-Match` (RFC 9110 §13.1.2).
struct EntityTagTests {
    @Test(arguments: [
        (#""a""#, true), (#"W/"a""#, true), (#""b", "a""#, true), (#""b","a","c""#, true), ("\"b\" ,\tW/\"a\"", true),
        ("*", true),
        (" * ", true), (#", ,"a""#, true), (#""b,c", "a""#, true), (#""x", "a,""#, false), (#""b""#, false),
        ("a", false),
        ("", false), (#"w/"a""#, false), (#""a"#, false), (#""A""#, false), (#""b", *"#, false), (#"W/ "a""#, false),
    ])
    func comparesWeakly(_ list: String, _ matches: Bool) {
        #expect(EntityTag.matches(list, #""a""#) == matches)
        #expect(EntityTag.matches(list, #"W/"a""#) == matches)
    }

    @Test func answersWhatIsThereAlready() throws {
        let request = Request(.get, "/", fields: [.ifNoneMatch: #""b", "a""#])
        let response = try #require(request.notModified(#""a""#, fields: [.cacheControl: "no-cache"]))
        #expect(response.status == .notModified && response.fields[.eTag] == #""a""#)
        #expect(response.fields[.cacheControl] == "no-cache")
        #expect(request.notModified(#""c""#) == nil)
        #expect(Request(.get, "/").notModified(#""a""#) == nil)
    }

    @Test func joinsLinesOfOneField() {
        var fields: HTTPFields = [.ifNoneMatch: #""b""#]
        fields.append(HTTPField(name: .ifNoneMatch, value: #"W/"a""#))
        #expect(Request(.get, "/", fields: fields).notModified(#""a""#) != nil)
    }
}
