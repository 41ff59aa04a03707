/// Why something asked of a ``JobStore`` cannot be done.
package enum JobStoreError: Error, Equatable, CustomStringConvertible {
    case notFound(id: String)
    /// The data set of a submission does not exist.
    case unknownDataset(id: String)
    /// There is no sweep of which jobs are asked for.
    case unknownSweep(id: String)
    /// The `after` of a list names no job.
    case unknownCursor(String)
    /// The key was used before, with another body.
    case idempotencyConflict(key: String)
    /// The job has ended and cannot be told anything.
    case over(id: String, state: JobState)
    /// The job is about to end and can be told nothing else.
    case ending(id: String)
    /// The job has no such checkpoint.
    case unknownCheckpoint(id: String, step: Int)
    /// The job has not ended, so it cannot be deleted.
    case notOver(id: String, state: JobState)
    /// The job goes with its sweep, and not before.
    case partOfSweep(id: String, sweep: String)

    /// Why a job that is about to end, or has, cannot be told anything else.
    static func endingOrOver(_ job: JobRecord) -> Self {
        job.state.isOver ? .over(id: job.id, state: job.state) : .ending(id: job.id)
    }

    package var description: String {
        switch self {
        case .notFound(let id): "there is no job \(id)"
        case .unknownDataset(let id): "dataset: there is no data set \(id)"
        case .unknownSweep(let id): "there is no sweep \(id)"
        case .unknownCursor(let id): "after: there is no job \(id)"
        case .idempotencyConflict(let key): "the idempotency key \(key) was used before for another request"
        case .over(let id, let state): "job \(id) is over: its state is \(state.rawValue)"
        case .ending(let id): "job \(id) is being cancelled"
        case .unknownCheckpoint(let id, let step): "job \(id) has no checkpoint of step \(step)"
        case .notOver(let id, let state): "job \(id) is \(state.rawValue): cancel it before it is deleted"
        case .partOfSweep(let id, let sweep): "job \(id) is of sweep \(sweep), and is deleted with it"
        }
    }
}
