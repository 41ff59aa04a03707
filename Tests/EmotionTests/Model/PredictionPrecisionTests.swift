import Engine
import Foundation
import TestSupport
import Testing

@testable import Emotion

@Suite("Precision of predictions")
struct PredictionPrecisionTests {
    private static let precisions = PredictionPrecision.allCases.filter { $0.fault == nil }

    private let configuration = ModelConfiguration.make {
        $0.modelWidth = 64
        $0.feedForward = 128
        $0.unimodalBlocks = 2
        $0.multimodalBlocks = 2
    }

    private func read(
        _ scratch: ScratchDirectory, _ precision: PredictionPrecision, _ configuration: ModelConfiguration
    ) throws -> Model {
        let path = scratch.file("model")
        if !FileManager.default.fileExists(atPath: path) { try ModelDirectory.write(.make(configuration), to: path) }
        return try ModelDirectory.read(path, precision: precision)
    }

    @Test("int8 is close to float32", .enabled(if: PredictionPrecision.int8.fault == nil))
    func closeness() throws {
        let scratch = try ScratchDirectory()
        let clips = Clips.make(50, configuration: configuration)
        let results = try [PredictionPrecision.float32, .int8].map {
            try read(scratch, $0, configuration).probabilities(clips)
        }
        #expect(results[0] != results[1])
        #expect(zip(results[0], results[1]).allSatisfy { abs($0 - $1) < 0.02 })
    }

    @Test("the answer for a clip is the same to the bit alone and among others", arguments: precisions)
    func batches(precision: PredictionPrecision) throws {
        let scratch = try ScratchDirectory()
        let model = try read(scratch, precision, configuration)
        let clips = Clips.make(40, configuration: configuration)
        let together = model.probabilities(clips).map(\.bitPattern)
        for index in 0..<clips.count {
            let alone = model.probabilities(clips.select([index])).map(\.bitPattern)
            #expect(alone == Array(together[3 * index..<3 * index + 3]))
        }
    }

    @Test("every part of a model can be kept in every precision", arguments: precisions)
    func variants(precision: PredictionPrecision) throws {
        let changes: [(inout Hyperparameters) -> Void] = [
            { $0.backbone = .lstm }, { $0.decoder = .none }, { $0.classifier = .shared }, { $0.positional = .learned },
            { $0.temporalMasking = .on }, { $0.multimodalEncoder = .none },
        ]
        for change in changes {
            let scratch = try ScratchDirectory()
            let configuration = ModelConfiguration.make {
                $0.parameterPerturbation = .off
                change(&$0)
            }
            let clips = Clips.make(5, configuration: configuration)
            let model = try read(scratch, precision, configuration)
            let prediction = model.predict(clips, explaining: configuration.hasMaskingNetworks)
            let expected = Model.make(configuration).probabilities(clips)
            #expect(zip(prediction.probabilities, expected).allSatisfy { abs($0 - $1) < 0.05 })
        }
    }

    @Test("a training is in no such precision")
    func training() {
        #expect(throws: HyperparameterErrors.self) {
            try Hyperparameters().setting(["precision": .string("int8")])
        }
    }

    @Test("what a model takes in memory follows from its precision")
    func bytes() {
        let network = Network(configuration)
        let values = 4 * network.layout.count
        // Panels are as wide as tiles, also of matrices of a few rows.
        #expect((values..<values + values / 4).contains(network.loadedBytes(.float32)))
        #expect(network.loadedBytes(.int8) < values / 2)
    }
}
