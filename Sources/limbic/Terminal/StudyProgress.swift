import Emotion
import Studies

/// Shows how far a study is: a bar for the training in progress and a line for each one finished.
struct StudyProgress {
    private let cells: [String]
    private var bar = ProgressBar()
    /// Runs that are yet to be made, with the one in progress.
    private var runs: Int
    private var place: [String] = []
    /// Of the runs finished here, and for the first one as its steps promise.
    private var seconds = 0.0
    private var finished = 0
    private var secondsOfFirst = 0.0

    /// - Parameters:
    ///   - cells: names of all.
    ///   - runs: yet to be made.
    ///   - all: runs of the whole study.
    init(cells: [String], runs: Int, all: Int) {
        self.cells = cells
        self.runs = runs
        if runs < all { bar.print("\(all - runs) of \(all) runs are there already") }
    }

    mutating func begin(_ cell: String, seed: UInt64) {
        let number = (cells.firstIndex(of: cell) ?? 0) + 1
        place = ["cell \(number)/\(cells.count) \(cell)", "seed \(seed)"]
    }

    mutating func observe(_ event: Training.Event) {
        guard case .step(let step) = event else { return }
        if step.step < step.steps {
            secondsOfFirst = step.secondsLeft * Double(step.steps) / Double(step.steps - step.step)
        }
        // What is left of the study comes first, as the bar leaves out the last words where space is short.
        let place = ["\(Readable.time(secondsLeft(of: step))) left in all"] + place
        bar.show(
            ProgressBar.State(
                place: place,
                epoch: step.epoch,
                epochs: step.epochs,
                step: step.step,
                steps: step.steps,
                loss: Double(step.outcome.losses.recognition),
                clipsPerSecond: step.clipsPerSecond,
                secondsLeft: step.secondsLeft
            )
        )
    }

    mutating func finish(_ outcome: StudyRun.Outcome) {
        runs -= 1
        switch outcome {
        case .finished(let result): finish(result)
        case .diverged(let breakdown):
            bar.print((place + ["diverged at step \(breakdown.step)"]).joined(separator: "  "))
        }
    }

    private mutating func finish(_ result: StudyRun.Result) {
        finished += 1
        seconds += result.seconds
        let words = [
            "epoch \(result.bestEpoch) kept",
            "test: micro F1 \(Readable.decimal(result.test.microF1, 4))",
            "macro F1 \(Readable.decimal(result.test.macroF1, 4))",
            "accuracy \(Readable.decimal(result.test.accuracy, 4))",
            "in \(Readable.time(result.seconds))",
            "\(Readable.time(Double(runs) * seconds / Double(finished))) left",
        ]
        bar.print((place + words).joined(separator: "  "))
    }

    /// Until the end of the study.
    private func secondsLeft(of step: Training.Step) -> Double {
        let secondsPerRun = finished > 0 ? seconds / Double(finished) : secondsOfFirst
        return step.secondsLeft + Double(runs - 1) * secondsPerRun
    }

    mutating func end() { bar.clear() }
}
