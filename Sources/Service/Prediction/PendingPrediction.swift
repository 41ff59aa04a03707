import HTTP
import HTTPTypes
import Synchronization

/// A request for predictions from its admission to its answer, which it gets once.
final class PendingPrediction: Sendable {
    /// From 0, the first, to 7.
    let urgency: Int
    private let made: ContinuousClock.Instant
    /// Nanoseconds after which nobody waits for the answer any more; `Int.max` for never.
    private let limit: Atomic<Int>
    private let responder: Responder
    private let onAnswer: @Sendable (PendingPrediction) -> Void
    private let onRelease: @Sendable () -> Void
    private let isAnswered = Atomic(false)

    /// - Parameters:
    ///   - deadline: when nobody waits for the answer any more; nil for never.
    ///   - onAnswer: called once, just before it is answered.
    ///   - onRelease: called when nothing of it is held any more, which may be later.
    init(
        urgency: Int, deadline: ContinuousClock.Instant?, responder: Responder,
        onAnswer: @escaping @Sendable (PendingPrediction) -> Void,
        onRelease: @escaping @Sendable () -> Void = {}
    ) {
        self.urgency = urgency
        let made = ContinuousClock.now
        self.made = made
        limit = Atomic(deadline.map { Self.nanoseconds($0 - made) } ?? .max)
        self.responder = responder
        self.onAnswer = onAnswer
        self.onRelease = onRelease
    }

    deinit { onRelease() }

    /// Whether there is a time after which nobody waits for the answer any more.
    var hasDeadline: Bool { limit.load(ordering: .relaxed) != .max }

    /// Nobody waits for the answer after `deadline` either.
    func expect(by deadline: ContinuousClock.Instant) {
        limit.min(Self.nanoseconds(deadline - made), ordering: .relaxed)
    }

    /// Of a time that may be longer than any that can be told so.
    private static func nanoseconds(_ duration: Duration) -> Int {
        Int(clamping: duration.attoseconds / 1_000_000_000)
    }

    /// Whether the time for the answer is over.
    var isLate: Bool { isLate(after: .zero) }

    /// Whether the time for the answer will be over after so long.
    func isLate(after wait: Duration) -> Bool {
        let limit = limit.load(ordering: .relaxed)
        return limit != .max && Self.nanoseconds(.now + wait - made) >= limit
    }

    /// Whether anyone waits for the answer, and will after so long.
    func isWanted(after wait: Duration = .zero) -> Bool {
        !isAnswered.load(ordering: .relaxed) && !responder.isCancelled && !isLate(after: wait)
    }

    /// Whether the client has said that it will send no more, as one that has gone away does.
    var mayBeUnwanted: Bool { responder.mayBeGone }

    /// Answers, unless that was done; with a failure when the time for it is over.
    func answer(_ body: () throws -> Response) {
        guard !isAnswered.exchange(true, ordering: .relaxed) else { return }
        onAnswer(self)
        responder.respond {
            guard !isLate else { throw Self.late }
            return try body()
        }
    }

    /// Tells that it is not computed, as nobody waits for it any more, or will when it is.
    func giveUp() { answer { throw responder.isCancelled ? CancellationError() : Self.late } }

    private static let late: any Error = Problem(
        .gatewayTimeout, code: "deadline_exceeded", detail: "the prediction was not ready in the time given for it")
}
