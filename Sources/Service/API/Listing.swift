import HTTP
import Jobs

/// The query of a list.
struct Listing {
    static let limits = 1...1000

    private let query: QueryParameters

    init(_ request: Request) { query = request.query }

    /// The element after which the page begins, if one is given.
    var after: String? { query["after"] }

    func limit(default fallback: Int = 100) throws(Problem) -> Int {
        try integer("limit", in: Self.limits) ?? fallback
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = query[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let bounds =
                range.upperBound == .max
                ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw .query(name, "'\(text)' is not an integer \(bounds)")
        }
        return number
    }

    /// One of the words of `Choice`, if one is given.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, _: Choice.Type) throws(Problem)
        -> Choice?
    {
        guard let text = query[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .query(name, "'\(text)' is not one of \(words)")
        }
        return choice
    }

    /// The names given, separated by commas or one by one; nil when there is none.
    func names(_ name: String) -> [String]? {
        let names = query[values: name].flatMap { $0.split(separator: ",").map(String.init) }
        return names.isEmpty ? nil : names
    }
}

extension Page {
    func document<Document: Encodable>(_ view: (Element) throws -> Document) rethrows -> ListDocument<Document> {
        ListDocument(data: try data.map(view), hasMore: hasMore)
    }
}
