/// Why something asked of a ``KeyStore`` cannot be done.
package enum KeyStoreError: Error, Equatable, CustomStringConvertible {
    case notFound(id: String)
    /// The `after` of a list names no key.
    case unknownCursor(String)

    package var description: String {
        switch self {
        case .notFound(let id): "there is no key \(id)"
        case .unknownCursor(let id): "after: there is no key \(id)"
        }
    }
}
