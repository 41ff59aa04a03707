/// Measures the pace of a training.
struct TrainingClock {
    let steps: Int
    let epochs: Int
    private let started = ContinuousClock.now
    private var clips = 0
    private var stepping = Duration.zero

    init(steps: Int, epochs: Int) {
        self.steps = steps
        self.epochs = epochs
    }

    var seconds: Double { (ContinuousClock.now - started) / .seconds(1) }

    mutating func add(clips count: Int, since start: ContinuousClock.Instant) {
        clips += count
        stepping += ContinuousClock.now - start
    }

    func progress(step: Int, epoch: Int, outcome: TrainingStep.Outcome) -> Training.Step {
        Training.Step(
            step: step, steps: steps, epoch: epoch, epochs: epochs, outcome: outcome,
            clipsPerSecond: Double(clips) / max(stepping / .seconds(1), 1e-9),
            secondsLeft: seconds / Double(step) * Double(steps - step)
        )
    }
}
