import Engine
import Foundation
import Platform
import TestSupport
import Testing

@testable import Emotion

/// Trainings that are interrupted and go on. They set the number of threads, so one runs after another.
@Suite("Training state", .serialized)
struct TrainingStateTests {
    /// Three steps in each of three epochs, the first four of them warm-up.
    private static func configuration(
        modalities: [Modality] = [Modality(name: "text", featureSize: 5), Modality(name: "audio", featureSize: 3)],
        _ change: (inout Hyperparameters) -> Void = { _ in }
    ) -> ModelConfiguration {
        .make(modalities: modalities) {
            ($0.epochs, $0.warmupSteps) = (3, 4)
            change(&$0)
        }
    }

    /// Three epochs of three steps: a checkpoint after each step and each epoch.
    private static let checkpoints = 12

    private static let variants: [String: ModelConfiguration] = [
        "both adversaries": configuration(),
        "standardized, one modality": configuration(modalities: [Modality(name: "text", featureSize: 5)]) {
            ($0.standardize, $0.clipNorm) = (true, 0.5)
        },
        "three modalities": configuration(
            modalities: [
                Modality(name: "text", featureSize: 5), Modality(name: "audio", featureSize: 3),
                Modality(name: "video", featureSize: 2),
            ]) { ($0.selectBy, $0.schedule) = (.hammingLoss, .constant) },
        "pgd instead of masks": configuration { ($0.temporalMasking, $0.augmentation) = (.off, .pgd) },
        "random erasing, no perturbation": configuration {
            ($0.temporalMasking, $0.parameterPerturbation, $0.augmentation) = (.off, .off, .randomErasing)
        },
        "recurrent": configuration { $0.backbone = .lstm },
    ]

    private func whole(_ run: ResumableTraining) throws -> ResumableTraining.Outcome {
        var outcome = ResumableTraining.Outcome()
        #expect(try run.run(&outcome) == nil)
        return outcome
    }

    @Test("interrupted after every step and every epoch, it comes to the same bytes", arguments: variants.keys.sorted())
    func everywhere(variant: String) throws {
        let threads = Parallel.threads
        defer { Parallel.threads = threads }
        let run = try ResumableTraining(try #require(Self.variants[variant]))
        let expected = try whole(run)
        var outcome = ResumableTraining.Outcome()
        var (state, interruptions) = (try run.run(until: 0, &outcome), 1)
        while let current = state {
            // With another number of threads each time.
            state = try run.run(from: current, until: 0, threads: 1 + interruptions % 3, &outcome)
            interruptions += 1
        }
        #expect(interruptions == Self.checkpoints + 1)
        #expect(outcome == expected)
    }

    @Test("interrupted once, anywhere, it comes to the same bytes", arguments: 0..<checkpoints)
    func once(place: Int) throws {
        let threads = Parallel.threads
        defer { Parallel.threads = threads }
        let run = try ResumableTraining(Self.configuration())
        let expected = try whole(run)
        var outcome = ResumableTraining.Outcome()
        let state = try #require(try run.run(until: place, threads: 2, &outcome))
        // The place of every step and epoch, and no other.
        #expect(state.steps == min(3 * (place / 4) + place % 4 + 1, 3 * (place / 4 + 1)))
        #expect(state.epoch == (place + 1) / 4)
        #expect((state.bestEpoch != nil) == (state.epoch > 0))
        #expect(try run.run(from: state, &outcome) == nil)
        #expect(outcome == expected)
    }

    @Test("patience goes on, and what it has ended stays ended")
    func earlyStopping() throws {
        let configuration = Self.configuration { ($0.epochs, $0.learningRate) = (9, 0) }
        let run = try ResumableTraining(configuration, stopping: .init(metric: .accuracy, patience: 2))
        let expected = try whole(run)
        #expect(expected.events.last?.contains("plannedEpochs: 9") == true)
        for place in 0..<Self.checkpoints {
            var outcome = ResumableTraining.Outcome()
            let state = try #require(try run.run(until: place, &outcome))
            #expect((state.stoppedEarly != nil) == (place == Self.checkpoints - 1))
            #expect(try run.run(from: state, &outcome) == nil)
            #expect(outcome == expected, "place \(place)")
        }
    }

    @Test("bfloat16 products and float32 go on alike", arguments: [Hyperparameters.Precision.float32, .auto])
    func precision(precision: Hyperparameters.Precision) throws {
        let run = try ResumableTraining(Self.configuration { $0.precision = precision })
        let expected = try whole(run)
        var outcome = ResumableTraining.Outcome()
        let state = try #require(try run.run(until: 4, &outcome))
        #expect(try run.run(from: state, &outcome) == nil)
        #expect(outcome == expected)
    }

    @Test("the clock goes on from what it showed")
    func clock() throws {
        let run = try ResumableTraining(Self.configuration())
        var outcome = ResumableTraining.Outcome()
        var state = try #require(try run.run(until: 3, &outcome))
        #expect(state.seconds > 0 && state.clock.clips == 20)
        state.clock.seconds = 1000
        var steps: [Training.Step] = []
        let model = try run.training.run(from: state) { event in if case .step(let step) = event { steps.append(step) }
        }
        #expect(try #require(model.configuration.training).seconds > 1000)
        #expect(try #require(steps.first).secondsLeft > 1000 / 4 * 5)
    }

    @Test("notes of the caller are kept")
    func notes() throws {
        let run = try ResumableTraining(Self.configuration())
        var outcome = ResumableTraining.Outcome()
        var state = try #require(try run.run(until: 0, &outcome))
        #expect(state.notes == nil)
        state.notes = #"{"text": "ä \n"}"#
        let path = run.scratch.file("noted")
        let written = try state.write(to: path, of: run.training)
        #expect(try run.training.state(at: path, digest: written.digest).notes == state.notes)
        let bytes = try Data(contentsOf: URL(filePath: path))
        #expect(bytes.count == written.byteCount)
    }

    @Test("a file that is not what was written is refused")
    func damaged() throws {
        let run = try ResumableTraining(Self.configuration())
        var outcome = ResumableTraining.Outcome()
        let state = try #require(try run.run(until: 0, &outcome))
        let path = run.scratch.file("state")
        let written = try state.write(to: path, of: run.training)
        let whole = try Data(contentsOf: URL(filePath: path))
        func reason(_ bytes: Data?) throws -> String {
            if let bytes { try bytes.write(to: URL(filePath: path)) }
            let error = #expect(throws: TrainingStateError.self) {
                try run.training.state(at: path, digest: written.digest)
            }
            #expect(error?.kind == .unreadable)
            return try #require(error).reason
        }
        var flipped = whole
        flipped[whole.count - 100] ^= 1
        for bytes in [flipped, whole.dropLast(), whole.prefix(10), Data(), whole + [0]] {
            #expect(try reason(bytes) == "is damaged: it is not what was written")
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(try reason(nil) == "cannot be read: No such file or directory")
    }

    @Test("the state of another training is refused, and it is said what differs")
    func otherTraining() throws {
        let run = try ResumableTraining(Self.configuration())
        var outcome = ResumableTraining.Outcome()
        let state = try #require(try run.run(until: 2, &outcome))
        let path = run.scratch.file("state")
        let digest = try state.write(to: path, of: run.training).digest
        func reason(_ other: ResumableTraining) throws -> String {
            let error = #expect(throws: TrainingStateError.self) { try other.training.state(at: path, digest: digest) }
            #expect(error?.kind == .otherTraining)
            return try #require(error).reason
        }
        let configuration = Self.configuration()
        #expect(
            try reason(ResumableTraining(configuration, seed: 2))
                == "is of another training: the seed is 1 instead of 2")
        #expect(
            try reason(ResumableTraining(configuration, clips: 21)) == "is of another training: the clips are others")
        #expect(
            try reason(ResumableTraining(Self.configuration { ($0.epochs, $0.sigma) = (4, 0.5) }))
                == "is of another training: epochs is 3 instead of 4, sigma is 1 instead of 0.5")
        #expect(
            try reason(ResumableTraining(configuration, stopping: .init(metric: .accuracy, patience: 2)))
                == "is of another training: it stops early never instead of after 2 epochs without a better accuracy")
        let modalities = [Modality(name: "text", featureSize: 5), Modality(name: "sound", featureSize: 3)]
        #expect(try reason(ResumableTraining(Self.configuration(modalities: modalities))).contains("modalities"))
        // A file of another kind, though it is whole.
        let model = run.scratch.file("model")
        try ModelDirectory.write(.make(), to: model)
        let weights = "\(model)/\(ModelDirectory.weightsName)"
        let error = #expect(throws: TrainingStateError.self) {
            try run.training.state(at: weights, digest: SHA256.digest(ofFile: weights))
        }
        #expect(error?.reason == "is not the state of a training")
    }
}
