import Jobs

/// Lists come in pages.
enum Paging {
    static let limit = Field.integer("limit", 1...1000, default: 100, "The most elements of a page")
    static let after = Field.optionalString(
        "after", "The last element of the page before: its id or, of models, its name")

    /// As a page of a list looks.
    static func schema(of element: Schema) -> Schema {
        .object([
            .init("object", .words(["list"])), .init("data", .array(of: element)),
            .init("has_more", .boolean),
        ])
    }
}

extension Page {
    func document<Document: Encodable>(_ view: (Element) throws -> Document) rethrows -> ListDocument<Document> {
        ListDocument(data: try data.map(view), hasMore: hasMore)
    }
}
