package import HTTPTypes

extension Request {
    /// 304 with `fields` and the tag if the client has what carries the entity tag `tag` already: if its `If-None-Match`
    /// names it (RFC 9110 §13.1.2: a list of tags, compared without regard to their being weak, or `*`); nil if it has
    /// not, or does not say.
    ///
    /// - Parameter tag: with its quotes.
    package func notModified(_ tag: String, fields: HTTPFields = [:]) -> Response? {
        guard let list = self.fields[.ifNoneMatch], EntityTag.matches(list, tag) else { return nil }
        var fields = fields
        fields[.eTag] = tag
        return Response(status: .notModified, fields: fields)
    }
}

/// Entity tags (RFC 9110 §8.8.3).
enum EntityTag {
    /// Whether a list of tags has `tag`, by weak comparison. What comes after something that is no tag does not count.
    static func matches(_ list: String, _ tag: String) -> Bool {
        var rest = list.utf8[...]
        if rest.filter({ !$0.isBlank }).elementsEqual("*".utf8) { return true }
        let wanted = opaque(tag.utf8[...])
        while true {
            rest = rest.drop { $0.isBlank || $0 == UInt8(ascii: ",") }
            let candidate = opaque(rest)
            guard candidate.first == UInt8(ascii: "\""),
                let end = candidate.dropFirst().firstIndex(of: UInt8(ascii: "\""))
            else { return false }
            if candidate[...end].elementsEqual(wanted) { return true }
            rest = candidate[candidate.index(after: end)...]
        }
    }

    /// A tag without the mark of a weak one.
    private static func opaque(_ tag: Substring.UTF8View) -> Substring.UTF8View {
        tag.starts(with: "W/".utf8) ? tag.dropFirst(2) : tag
    }
}
