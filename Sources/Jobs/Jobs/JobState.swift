/// Where a job is in its life.
package enum JobState: String, Sendable, CaseIterable {
    /// Waits for a slot.
    case queued
    /// A worker is at it.
    case running
    /// Shall be set aside; its worker has been told.
    case pausing
    /// Set aside.
    case paused
    /// Shall end; its worker has been told.
    case cancelling
    case succeeded
    case failed
    case cancelled

    /// Whether the job has ended; such a state never changes.
    package var isOver: Bool {
        switch self {
        case .succeeded, .failed, .cancelled: true
        case .queued, .running, .pausing, .paused, .cancelling: false
        }
    }
}
