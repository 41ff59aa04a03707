/// How far a training has come.
package struct JobProgress: Codable, Sendable, Equatable {
    /// Optimizer steps done, of `steps`.
    package var step: Int
    package var steps: Int
    /// Epochs done, of `epochs`.
    package var epoch: Int
    package var epochs: Int
    /// Training speed, where it is known and finite.
    package var clipsPerSecond: Double?
    /// Until the last step at the pace so far, where it is known and finite.
    package var secondsLeft: Double?

    package init(
        step: Int, steps: Int, epoch: Int, epochs: Int, clipsPerSecond: Double? = nil, secondsLeft: Double? = nil
    ) {
        self.step = step
        self.steps = steps
        self.epoch = epoch
        self.epochs = epochs
        self.clipsPerSecond = clipsPerSecond.flatMap { $0.isFinite ? $0 : nil }
        self.secondsLeft = secondsLeft.flatMap { $0.isFinite ? $0 : nil }
    }

    private enum CodingKeys: String, CodingKey {
        case step, steps, epoch, epochs
        case clipsPerSecond = "clips_per_second"
        case secondsLeft = "seconds_left"
    }
}
