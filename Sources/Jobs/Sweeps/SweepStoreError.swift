/// Why something asked of a ``SweepStore`` cannot be done.
package enum SweepStoreError: Error, Equatable, CustomStringConvertible {
    case notFound(id: String)
    /// The `after` of a list names no sweep.
    case unknownCursor(String)
    /// Jobs of the sweep have not ended, so it cannot be deleted.
    case notOver(id: String, jobs: Int)

    package var description: String {
        switch self {
        case .notFound(let id): "there is no sweep \(id)"
        case .unknownCursor(let id): "after: there is no sweep \(id)"
        case .notOver(let id, let jobs):
            "\(jobs) job\(jobs > 1 ? "s" : "") of sweep \(id) \(jobs > 1 ? "are" : "is") not over: cancel it before it is deleted"
        }
    }
}
