package import Foundation

/// How an attempt ended.
package enum AttemptOutcome: Sendable {
    /// With a result, a JSON object, and the models made of it.
    case succeeded(result: Data, models: [ModelDraft])
    /// The job waits for another attempt, or fails when it has had `maxAttempts`, or when the failure `isFinal`: another
    /// attempt would end the same way.
    case failed(error: String, isFinal: Bool = false)
    /// As asked for.
    case cancelled
    /// By something outside, such as the end of the server; the job waits again and the attempt does not count.
    case interrupted(reason: String)
}
