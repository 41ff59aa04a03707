import Engine
import Foundation
import TestSupport
import Testing

@testable import Emotion

/// The network and its gradient against an independent implementation, at the tolerances that float32 allows.
@Suite("Golden")
struct GoldenTests {
    @Test("there are cases to check")
    func cases() {
        #expect(!GoldenCase.paper.isEmpty)
    }

    @Test("probabilities", arguments: GoldenCase.paper)
    func probabilities(golden: GoldenCase) throws {
        let model = Model(network: golden.network, parameters: golden.parameters)
        let expected = try golden.file.floats("out.probabilities")
        expectClose(model.probabilities(golden.batch), expected, relative: 1e-5)
    }

    @Test("recognition loss and every gradient", arguments: GoldenCase.paper)
    func gradients(golden: GoldenCase) throws {
        let tape = Tape(golden.parameters, recording: true)
        let gradients = Gradients(layout: golden.network.layout)
        let logits = golden.network(golden.batch, on: tape)
        let (loss, gradient) = binaryCrossEntropy(logits: logits.value, labels: golden.labels)
        tape.backward([(logits, gradient)], into: gradients)

        expectClose([loss], try golden.file.floats("out.loss.recognition"), relative: 1e-5)
        let prefix = "out.grad_recognition."
        let recorded = golden.file.tensors.keys.filter { $0.hasPrefix(prefix) }
        #expect(!recorded.isEmpty)
        for parameter in golden.network.layout.parameters {
            let expected = try golden.file.floats(prefix + parameter.name)
            let largest = expected.map(abs).max() ?? 0
            expectClose(
                gradients.values(parameter), expected, absolute: max(largest * 1e-3, 1e-8),
                "gradient of \(parameter.name)")
        }
        // The recognition loss does not reach the masking networks; everything else recorded must be ours.
        let ours = Set(golden.network.layout.parameters.map { prefix + $0.name })
        #expect(recorded.allSatisfy { ours.contains($0) || $0.hasPrefix(prefix + "masking.") })
    }
}
