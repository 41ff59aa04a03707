/// What a study cannot go on from.
package enum StudyError: Error, Sendable, Equatable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    case otherSettings(file: String, String)
    /// The model of a cell can compute no clip of the test split.
    case notComputable(cell: String, clips: Int)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): is not a run of a study: \(reason)"
        case .otherSettings(let file, let difference): "\(file): \(difference); take another directory for --out"
        case .notComputable(let cell, let clips):
            "cell \(cell): none of the \(clips) clips of the test split can be computed; are its features not too large?"
        }
    }
}
