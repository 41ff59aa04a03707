/// What a route does with the body of a request.
package enum BodyPolicy: Sendable, Equatable {
    /// The handler has no use for a body; a small one is read and dropped.
    case none
    /// The handler starts once the whole body is there, at most `limit` bytes.
    case buffered(limit: Int)
    /// The handler starts at once and reads the body as it comes, at most `limit` bytes.
    case streamed(limit: Int)

    /// The most bytes of a body; nil where none is taken.
    var limit: Int? {
        switch self {
        case .none: nil
        case .buffered(let limit), .streamed(let limit): limit
        }
    }
}
