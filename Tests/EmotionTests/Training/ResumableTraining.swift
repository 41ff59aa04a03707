import Emotion
import Engine
import Foundation
import JSON
import TestSupport

/// A small training that can be interrupted at each of its checkpoints, with all that it tells.
struct ResumableTraining {
    struct Interrupted: Error {}

    /// What a training came to, times apart.
    struct Outcome: Equatable {
        var events: [String] = []
        var weights: [UInt32]?
        var summary: String?
    }

    let training: Training
    let scratch: ScratchDirectory

    init(
        _ configuration: ModelConfiguration, clips: Int = 20, seed: UInt64 = 1,
        stopping: Training.EarlyStopping? = nil
    ) throws {
        training = Training(
            configuration: configuration,
            train: .make(clips, configuration: configuration, seed: 1),
            validation: .make(12, configuration: configuration, seed: 2),
            seed: seed,
            earlyStopping: stopping
        )
        scratch = try ScratchDirectory()
    }

    /// Trains from `state` until the checkpoint of that number, counted from 0, is passed; nil for the end.
    ///
    /// - Returns: the state at the interruption, written and read again; nil at the end.
    func run(
        from state: TrainingState? = nil, until limit: Int? = nil, threads: Int = 1, _ outcome: inout Outcome
    ) throws -> TrainingState? {
        Parallel.threads = threads
        let path = scratch.file("state.safetensors")
        var (passed, written): (Int, TrainingState.Written?) = (0, nil)
        do {
            var events: [String] = []
            defer { outcome.events += events }
            let model = try training.run(from: state) {
                events.append(Self.describe($0))
            } checkpoint: { state in
                defer { passed += 1 }
                guard passed == limit else { return }
                written = try state.write(to: path, of: training)
                throw Interrupted()
            }
            outcome.weights = model.parameters.values.map(\.bitPattern)
            outcome.summary = try Self.summary(of: model)
            return nil
        } catch is Interrupted {
            return try training.state(at: path, digest: written?.digest ?? "")
        }
    }

    private static func describe(_ event: Training.Event) -> String {
        switch event {
        case .step(let step):
            let (outcome, losses) = (step.outcome, step.outcome.losses)
            let bits = [
                losses.recognition, losses.masked, losses.perturbed, outcome.gradientNorm, outcome.learningRate,
            ]
            .map { $0.map { String($0.bitPattern, radix: 16) } ?? "-" }.joined(separator: " ")
            return "step \(step.step)/\(step.steps) of epoch \(step.epoch)/\(step.epochs): \(bits)"
        case .epoch(let epoch, let step, let validation, let isBest):
            return "epoch \(epoch), step \(step), \(isBest): \(validation)"
        case .stoppedEarly(let stop): return "\(stop)"
        }
    }

    private static func summary(of model: Model) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var object = try JSONReader.decode([String: JSONValue].self, from: encoder.encode(model.configuration.training))
        object["seconds"] = nil
        return String(decoding: try encoder.encode(object), as: UTF8.self)
    }
}
