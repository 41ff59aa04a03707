package import Foundation

/// How an attempt ended.
package enum AttemptOutcome: Sendable {
    /// With a result, a JSON object, and the models made of it.
    case succeeded(result: Data, models: [ModelDraft])
    /// The job waits for another attempt, for `delay` milliseconds at least, or fails when it has had `maxAttempts`, or when the
    /// failure `isFinal`: another attempt would end the same way.
    case failed(error: String, isFinal: Bool = false, delay: Int64? = nil)
    /// As asked for.
    case cancelled
    /// As asked for; the job is set aside and the attempt does not count.
    case paused
    /// By something outside, such as the end of the server; the job waits again, for `delay` milliseconds at least, and the
    /// attempt does not count.
    case interrupted(reason: String, delay: Int64? = nil)
}
