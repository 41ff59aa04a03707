/// How often the state of a training is saved: whichever comes first. Without either, only when it is stopped.
package struct CheckpointPolicy: Sendable, Equatable {
    /// Steps from one checkpoint to the next.
    package var everySteps: Int?
    /// Seconds from the end of one checkpoint to the next.
    package var everySeconds: Double?

    package init(everySteps: Int? = nil, everySeconds: Double? = nil) {
        precondition((everySteps ?? 1) > 0 && (everySeconds ?? 1) > 0, "an interval is positive")
        self.everySteps = everySteps
        self.everySeconds = everySeconds
    }
}

/// Says when the next checkpoint is due.
///
/// There is one of a step at most, so that a file that was announced is not replaced by another of its name: a training that
/// was saved after the last step of an epoch, before its evaluation, is not saved after it once more.
package struct CheckpointSchedule {
    private let policy: CheckpointPolicy
    private let clock: () -> ContinuousClock.Instant
    private var lastStep: Int
    private var lastTime: ContinuousClock.Instant

    /// - Parameter step: that of the checkpoint from which the training goes on, 0 at its beginning.
    package init(
        _ policy: CheckpointPolicy, from step: Int, clock: @escaping () -> ContinuousClock.Instant = { .now }
    ) {
        self.policy = policy
        self.clock = clock
        lastStep = step
        lastTime = clock()
    }

    /// - Parameter stopping: whether this is the last chance.
    package func isDue(at step: Int, stopping: Bool) -> Bool {
        guard step > lastStep else { return false }
        if stopping { return true }
        if let steps = policy.everySteps, step - lastStep >= steps { return true }
        guard let seconds = policy.everySeconds else { return false }
        return clock() - lastTime >= .seconds(seconds)
    }

    /// A checkpoint was made, or could not be made.
    package mutating func tried(at step: Int) {
        lastStep = step
        lastTime = clock()
    }
}
