import Dispatch
import Emotion
import Platform

/// Compares the rows of packed splits with their digests while a training already runs on them.
///
/// To read gigabytes and hash them takes many seconds, for which a training would wait to guard against what hardly ever
/// happens: a file that its disk has changed, or somebody else. The first epoch reads the same bytes, so that the system has
/// them in memory for both. What comes of rows that are not those that were uploaded never becomes a model.
struct RowVerification: Sendable {
    private let queue = DispatchQueue(label: "limbic.verify", qos: .utility)
    private let fault = Mutex<DatasetError?>(nil)

    /// Begins with a split when those before it are done.
    ///
    /// - Parameter name: what its clients know it by.
    func add(_ split: PackedSplit, named name: String) {
        queue.async { [fault] in
            guard let found = split.faultInRows() else { return }
            fault.withLock { fault in
                let reason = "is not what was uploaded: \(found.problems[0].description)"
                fault = fault ?? DatasetError(file: name, field: "file", reason: reason)
            }
        }
    }

    /// Throws what has been found so far.
    func check() throws(DatasetError) {
        if let fault = fault.withLock({ $0 }) { throw fault }
    }

    /// Waits until all splits are done, and throws what has been found.
    func finish() throws(DatasetError) {
        queue.sync {}
        try check()
    }
}
