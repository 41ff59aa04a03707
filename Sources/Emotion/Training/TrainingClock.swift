/// Measures the pace of a training.
struct TrainingClock {
    /// What it shows, to go on from there: the time between two runs of a training is not counted.
    struct Reading: Sendable, Codable {
        var seconds = 0.0
        /// Without evaluations.
        var steppingSeconds = 0.0
        /// Clips of all steps.
        var clips = 0

        private enum CodingKeys: String, CodingKey {
            case seconds, clips
            case steppingSeconds = "stepping_seconds"
        }
    }

    let steps: Int
    let epochs: Int
    private let started = ContinuousClock.now
    private let earlier: Reading
    private var clips = 0
    private var stepping = Duration.zero

    init(steps: Int, epochs: Int, from earlier: Reading) {
        self.steps = steps
        self.epochs = epochs
        self.earlier = earlier
    }

    var seconds: Double { earlier.seconds + (ContinuousClock.now - started) / .seconds(1) }

    var reading: Reading {
        Reading(
            seconds: seconds,
            steppingSeconds: earlier.steppingSeconds + stepping / .seconds(1),
            clips: earlier.clips + clips
        )
    }

    mutating func add(clips count: Int, since start: ContinuousClock.Instant) {
        clips += count
        stepping += ContinuousClock.now - start
    }

    func progress(step: Int, epoch: Int, outcome: TrainingStep.Outcome) -> Training.Step {
        let reading = reading
        return Training.Step(
            step: step, steps: steps, epoch: epoch, epochs: epochs, outcome: outcome,
            clipsPerSecond: Double(reading.clips) / max(reading.steppingSeconds, 1e-9),
            secondsLeft: reading.seconds / Double(step) * Double(steps - step)
        )
    }
}
