import Emotion
import Foundation
import Jobs
import JSON

/// What a worker tells of its training: events in the order of its history, metrics and progress.
struct TrainingReport {
    private let output: MessageOutput
    /// The number of the last event of the training.
    private var history = 0
    /// As last told.
    private var progress: JobProgress?

    /// What is kept with the state of a training.
    private struct Notes: Codable {
        var history: Int
    }

    init(to output: MessageOutput) { self.output = output }

    /// For the state of the training, so that what it tells afterwards has the same numbers again.
    func notes() throws -> String { String(decoding: try JSONEncoder().encode(Notes(history: history)), as: UTF8.self) }

    /// The training goes on from a state.
    mutating func goOn(from state: TrainingState, of training: Training, epochs: Int) throws {
        if let notes = state.notes { history = try JSONReader.decode(Notes.self, from: Data(notes.utf8)).history }
        try tellOfAttempt("resumed", ["step": state.steps, "epoch": state.epoch])
        let isOver = state.stoppedEarly != nil
        try send(
            JobProgress(
                step: state.steps,
                steps: isOver ? state.steps : training.steps,
                epoch: state.epoch,
                epochs: isOver ? state.epoch : epochs,
                clipsPerSecond: state.clipsPerSecond
            )
        )
    }

    /// Sends an event of the training.
    mutating func tell(_ kind: String, _ document: some Encodable) throws {
        history += 1
        try output.send(.event(number: history, kind: kind, document: JSONEncoder().encode(document)))
    }

    /// Sends an event of this attempt, which another one need not have.
    func tellOfAttempt(_ kind: String, _ document: some Encodable) throws {
        try output.send(.event(number: nil, kind: kind, document: JSONEncoder().encode(document)))
    }

    mutating func observe(_ event: Training.Event) throws {
        switch event {
        case .step(let step):
            try send(step)
        case .epoch(let epoch, let step, let validation, let isBest):
            let metrics = [
                "valid_accuracy": validation.accuracy,
                "valid_hamming_loss": validation.hammingLoss,
                "valid_micro_f1": validation.microF1,
                "valid_macro_f1": validation.macroF1,
            ]
            for (name, value) in metrics.sorted(by: { $0.key < $1.key }) {
                try output.send(.metric(name: name, step: step, value: value))
            }
            try tell("epoch", EpochReport(epoch: epoch, step: step, best: isBest, metrics: metrics))
            if var progress {
                progress.epoch = epoch
                try send(progress)
            }
        case .stoppedEarly(let stop):
            try tell("early_stop", stop)
            if var progress {
                // There is no more to come than has been done.
                (progress.steps, progress.epochs) = (progress.step, progress.epoch)
                progress.secondsLeft = 0
                try send(progress)
            }
        }
    }

    private mutating func send(_ step: Training.Step) throws {
        let losses = step.outcome.losses
        let metrics: [(String, Double?)] = [
            ("loss_recognition", Double(losses.recognition)),
            ("loss_masked", losses.masked.map(Double.init)),
            ("loss_perturbed", losses.perturbed.map(Double.init)),
            ("learning_rate", Double(step.outcome.learningRate)),
            ("gradient_norm", Double(step.outcome.gradientNorm)),
            ("clips_per_second", step.clipsPerSecond),
        ]
        for case (let name, let value?) in metrics {
            try output.send(.metric(name: name, step: step.step, value: value))
        }
        try send(
            JobProgress(
                step: step.step,
                steps: step.steps,
                // Epochs are counted from 1 there, and here those that are done and evaluated.
                epoch: step.epoch - 1,
                epochs: step.epochs,
                clipsPerSecond: step.clipsPerSecond,
                secondsLeft: step.secondsLeft
            )
        )
    }

    private mutating func send(_ progress: JobProgress) throws {
        self.progress = progress
        try output.send(.progress(progress))
    }
}

/// The document of an `epoch` event.
private struct EpochReport: Encodable {
    let epoch: Int
    let step: Int
    let best: Bool
    /// Of the validation split.
    let metrics: [String: Double]
}
