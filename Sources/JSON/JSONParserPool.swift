import Platform

/// Parsers that many threads take turns with, so that their buffers are not made anew for every document.
package final class JSONParserPool: Sendable {
    private let limits: JSONReader.Limits
    private let readsMatrices: Bool
    private let idle = Mutex<[JSONParser]>([])

    /// Parsers that are kept, and the document one may have grown to: what the pool holds when nothing goes on.
    private static let keptParsers = 8
    private static let keptCapacity = 4 << 20

    /// - Parameter readsMatrices: as of ``JSONParser/init(capacity:depth:readsMatrices:)``.
    package init(limits: JSONReader.Limits, readsMatrices: Bool = false) {
        self.limits = limits
        self.readsMatrices = readsMatrices
    }

    /// Reads a document and hands its root to `body`, as ``JSONParser/parse(_:_:)`` does.
    package func parse<Result>(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (JSONElement) -> Result
    ) throws(JSONError) -> Result {
        let parser =
            idle.withLock { $0.popLast() }
            ?? JSONParser(capacity: limits.bytes, depth: limits.depth, readsMatrices: readsMatrices)
        defer {
            if parser.capacity <= Self.keptCapacity {
                idle.withLock { if $0.count < Self.keptParsers { $0.append(parser) } }
            }
        }
        return try parser.parse(bytes, body)
    }
}
