import Engine

import TestSupport

@testable import Emotion

extension Clips {
    /// Labelled clips of the given lengths per modality; a length of 0 leaves the modality out.
    static func make(lengths: [[Int]], configuration: ModelConfiguration = .make(), seed: UInt64 = 1) -> Clips {
        let clips = lengths.enumerated().map { index, lengths -> Clip in
            var clip = Clip.make(lengths, configuration: configuration, seed: seed << 32 | UInt64(index))
            clip.labels = configuration.labels.indices.map { Float((index + $0) % 2) }
            return clip
        }
        return Clips(collating: clips, modalities: configuration.modalities)
    }
}

/// The passes of one training step over a few clips of uneven lengths.
struct ObjectiveCase {
    static let lengths = [[10, 4], [5, 0], [1, 1], [0, 7], [3, 10], [2, 2]]

    let network: Network
    let parameters: Parameters
    let batch: Clips

    init(_ configuration: ModelConfiguration) {
        network = Network(configuration)
        parameters = Parameters(layout: network.layout, seed: 1)
        batch = .make(lengths: Self.lengths, configuration: configuration)
    }

    var objective: Objective { Objective(network: network, parameters: parameters) }

    /// - Parameter step: chooses what is drawn.
    func run(step: UInt32 = 1) -> (passes: Objective.Passes, gradients: Gradients) {
        let gradients = Gradients(layout: network.layout)
        let passes = objective(batch, .init(seed: 1, step: step), into: gradients)
        return (passes, gradients)
    }

    /// The values of each clip's units of a modality.
    func byClip(_ values: Tensor, modality: Int) -> [[Float]] {
        let sequences = batch.modalities[network.modalities[modality].name]!
        let all = values.values
        return (0..<batch.count).map { Array(all[sequences.offsets[$0]..<sequences.offsets[$0 + 1]]) }
    }
}
