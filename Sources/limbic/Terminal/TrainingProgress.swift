import Emotion
import Foundation
import JSON

/// Shows the events of a training: a bar for its steps and a line for each epoch.
struct TrainingProgress {
    private let quiet: Bool
    private var bar = ProgressBar()
    private var epochs = 0
    private var clipsPerSecond = 0.0
    /// Of the steps of this epoch.
    private var lossSum = 0.0
    private var losses = 0

    /// Of the steps of the epoch under way, as it is kept with the state of the training.
    private struct Notes: Codable {
        var lossSum: Double
        var losses: Int

        enum CodingKeys: String, CodingKey {
            case losses
            case lossSum = "loss_sum"
        }
    }

    init(quiet: Bool) { self.quiet = quiet }

    var notes: String? {
        (try? JSONEncoder().encode(Notes(lossSum: lossSum, losses: losses))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The training goes on from a state.
    mutating func goOn(from state: TrainingState) {
        guard !quiet else { return }
        if let text = state.notes, let notes = try? JSONReader.decode(Notes.self, from: Data(text.utf8)) {
            (lossSum, losses) = (notes.lossSum, notes.losses)
        }
        bar.print("going on after step \(state.steps)")
    }

    mutating func observe(_ event: Training.Event) {
        guard !quiet else { return }
        switch event {
        case .step(let step):
            epochs = step.epochs
            clipsPerSecond = step.clipsPerSecond
            lossSum += Double(step.outcome.losses.recognition)
            losses += 1
            bar.show(
                ProgressBar.State(
                    epoch: step.epoch,
                    epochs: step.epochs,
                    step: step.step,
                    steps: step.steps,
                    loss: lossSum / Double(losses),
                    clipsPerSecond: step.clipsPerSecond,
                    secondsLeft: step.secondsLeft
                )
            )
        case .epoch(let epoch, _, let metrics, let isBest):
            bar.print(line(epoch: epoch, metrics, isBest: isBest))
            (lossSum, losses) = (0, 0)
        case .stoppedEarly(let stop): bar.print("stopped early: \(stop.reason)")
        }
    }

    mutating func end() { bar.clear() }

    private func line(epoch: Int, _ metrics: Metrics, isBest: Bool) -> String {
        let number = String(epoch)
        let space = String(repeating: " ", count: max(String(epochs).count - number.count, 0))
        let words = [
            "epoch \(space)\(number)/\(epochs)",
            "loss \(Readable.decimal(lossSum / Double(max(losses, 1)), 4))",
            "valid: micro F1 \(Readable.decimal(metrics.microF1, 4))",
            "macro F1 \(Readable.decimal(metrics.macroF1, 4))",
            "accuracy \(Readable.decimal(metrics.accuracy, 4))",
            "\(Readable.rounded(clipsPerSecond)) clips/s",
        ]
        let notComputable = metrics.counting?.notComputableClips ?? 0
        let doubt = notComputable > 0 ? "  \(notComputable) clips not computable" : ""
        return words.joined(separator: "  ") + doubt + (isBest ? "  *" : "")
    }
}
