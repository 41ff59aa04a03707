/// An entity tag (RFC 9110 §8.8.3).
struct EntityTag: Sendable, Equatable, CustomStringConvertible {
    let isWeak: Bool
    /// With its quotes.
    let opaque: Substring

    /// One tag and nothing else, or nil.
    init?(_ text: String) {
        var rest = text[...]
        self.init(taking: &rest)
        guard rest.isEmpty else { return nil }
    }

    /// Takes the tag that `text` starts with; nil if there is none.
    private init?(taking text: inout Substring) {
        let mark = text.utf8.starts(with: "W/".utf8) ? 2 : 0
        let quoted = text.utf8.dropFirst(mark)
        guard quoted.first == UInt8(ascii: "\"") else { return nil }
        let content = quoted.dropFirst().prefix { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7F }
        guard content.endIndex < quoted.endIndex, quoted[content.endIndex] == UInt8(ascii: "\"") else { return nil }
        let end = quoted.index(after: content.endIndex)
        isWeak = mark > 0
        opaque = Substring(quoted[..<end])
        text = text[end...]
    }

    private init(isWeak: Bool, opaque: Substring) {
        self.isWeak = isWeak
        self.opaque = opaque
    }

    var description: String { (isWeak ? "W/" : "") + opaque }

    /// Of the same, compressed.
    var gzipped: EntityTag { EntityTag(isWeak: isWeak, opaque: opaque.dropLast() + "-gzip\"") }

    /// The tags of a list, whose members may be empty (RFC 9110 §5.6.1.2). What comes after something that is no tag does
    /// not count, for no one can tell where it ends.
    static func list(_ text: String) -> [EntityTag] {
        var tags: [EntityTag] = []
        var rest = text[...]
        while true {
            rest = Substring(rest.utf8.drop { $0.isBlank || $0 == UInt8(ascii: ",") })
            guard let tag = EntityTag(taking: &rest) else { return tags }
            rest = Substring(rest.utf8.drop(while: \.isBlank))
            guard rest.isEmpty || rest.utf8.first == UInt8(ascii: ",") else { return tags }
            tags.append(tag)
        }
    }

    /// Weak comparison (RFC 9110 §8.8.3.2).
    func isLike(_ other: EntityTag) -> Bool { opaque == other.opaque }

    /// Strong comparison (RFC 9110 §8.8.3.2): weak tags equal nothing.
    func isSame(as other: EntityTag) -> Bool { !isWeak && !other.isWeak && opaque == other.opaque }
}
