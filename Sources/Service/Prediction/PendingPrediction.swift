import HTTP
import HTTPTypes
import Platform
import Synchronization

/// A request for predictions from its admission to its answer, which it gets once.
final class PendingPrediction: Sendable {
    /// From 0, the first, to 7.
    let urgency: Int
    private let limit: Platform.Mutex<ContinuousClock.Instant?>
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
        limit = Mutex(deadline)
        self.responder = responder
        self.onAnswer = onAnswer
        self.onRelease = onRelease
    }

    deinit { onRelease() }

    /// When nobody waits for the answer any more; nil for never.
    var deadline: ContinuousClock.Instant? { limit.withLock { $0 } }

    /// Nobody waits for the answer after `deadline` either.
    func expect(by deadline: ContinuousClock.Instant) {
        limit.withLock { $0 = min($0 ?? deadline, deadline) }
    }

    /// Whether the time for the answer is over.
    var isLate: Bool { deadline.map { $0 <= .now } ?? false }

    /// Whether anyone waits for the answer.
    var isWanted: Bool { !isAnswered.load(ordering: .relaxed) && !responder.isCancelled && !isLate }

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

    /// Tells that it is not computed, as nobody waits for it any more.
    func giveUp() { answer { throw CancellationError() } }

    private static let late = Problem(
        .gatewayTimeout, code: "deadline_exceeded", detail: "the prediction was not ready in the time given for it")
}
