import HTTPTypes

/// How content is encoded on its way (RFC 9110 §8.4.1).
enum ContentCoding: Sendable {
    case identity
    case gzip
    /// In zlib's format, not the bare algorithm (RFC 9110 section 8.4.1.2).
    case deflate

    /// What a request says of its content. Throws a 415 for what is not understood.
    init(_ fields: RequestFields) throws(RequestError) {
        let codings = fields[.contentEncoding].map(Self.names) ?? []
        switch codings.count {
        case 0: self = .identity
        case 1 where codings[0] == "identity": self = .identity
        case 1 where Self.isGzip(codings[0]): self = .gzip
        case 1 where codings[0] == "deflate": self = .deflate
        default: throw .unknownContentCoding
        }
    }

    /// The members of a list in lower case, but empty ones.
    private static func names(_ list: String) -> [String] {
        list.lowercased().split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }.filter { !$0.isEmpty }
    }

    /// Of old with an `x-` (RFC 9110 §8.4.1.3).
    static func isGzip(_ name: some StringProtocol) -> Bool { name == "gzip" || name == "x-gzip" }
}

/// Which codings a client takes of an answer (RFC 9110 §12.5.3).
struct AcceptedCodings: Sendable, Equatable {
    /// It takes gzip, and nothing rather than that.
    let prefersGzip: Bool

    init(_ fields: RequestFields) {
        guard let list = fields[.acceptEncoding] else {
            prefersGzip = false
            return
        }
        var weights: [Substring: Double] = [:]
        for member in list.lowercased().split(separator: ",") {
            let parts = member.split(separator: ";", maxSplits: 1).map { Self.trimmed($0) }
            guard let name = parts.first, let weight = parts.count == 1 ? 1 : Self.weight(parts[1]) else { continue }
            weights[ContentCoding.isGzip(name) ? "gzip" : name] = weight
        }
        let gzip = weights["gzip"] ?? weights["*"] ?? 0
        // Not named, it is taken, but anything else that is named is wanted more.
        let identity = weights["identity"] ?? weights["*"]
        prefersGzip = gzip > 0 && gzip >= identity ?? 0
    }

    /// Of `q=0.5`; nil for anything else.
    private static func weight(_ parameter: Substring) -> Double? {
        guard parameter.hasPrefix("q="), let weight = Double(parameter.dropFirst(2)), (0...1).contains(weight) else {
            return nil
        }
        return weight
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
