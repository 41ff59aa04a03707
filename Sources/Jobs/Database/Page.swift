/// Part of a list, in the order of the list.
package struct Page<Element: Sendable>: Sendable {
    package var data: [Element]
    /// Whether the list goes on after the last element of `data`.
    package var hasMore: Bool

    package init(data: [Element], hasMore: Bool) {
        self.data = data
        self.hasMore = hasMore
    }

    /// The first `limit` of `rows`, which were fetched with one more than asked for to learn whether there are more.
    init(_ rows: [Element], limit: Int) {
        self.init(data: Array(rows.prefix(limit)), hasMore: rows.count > limit)
    }
}

extension Page: Equatable where Element: Equatable {}
