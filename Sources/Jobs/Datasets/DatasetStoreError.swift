/// Why something asked of a ``DatasetStore`` cannot be done.
package enum DatasetStoreError: Error, Equatable, CustomStringConvertible {
    case notFound(id: String)
    /// The `after` of a list names no data set.
    case unknownCursor(String)
    /// A job uses the data set, so its splits never change.
    case frozen(id: String)
    /// A job uses the data set, so it cannot be deleted.
    case inUse(id: String)

    package var description: String {
        switch self {
        case .notFound(let id): "there is no data set \(id)"
        case .unknownCursor(let id): "after: there is no data set \(id)"
        case .frozen(let id): "data set \(id) is used by a job and cannot change any more"
        case .inUse(let id): "data set \(id) is used by a job and cannot be deleted"
        }
    }
}
