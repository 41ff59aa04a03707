package import Engine

/// A network with its parameters: what predicts.
package struct Model: Sendable {
    package var configuration: ModelConfiguration
    package let network: Network
    package let parameters: Parameters

    package init(network: Network, parameters: Parameters) {
        configuration = network.configuration
        self.network = network
        self.parameters = parameters
    }

    /// The probability of every label of every clip.
    ///
    /// The answer for a clip does not depend on the other clips.
    ///
    /// - Returns: [B, K], row-major.
    package func probabilities(_ clips: Clips) -> [Float] { predict(clips).probabilities }

    /// What a model says of some clips.
    package struct Prediction: Sendable {
        /// [B, K], row-major.
        package let probabilities: [Float]
        private let labelCount: Int
        /// By modality, the score of every unit.
        private let scores: [String: (values: [Float], segments: Segments)]

        fileprivate init(
            _ probabilities: [Float], labelCount: Int, _ scores: [String: (values: [Float], segments: Segments)]
        ) {
            self.probabilities = probabilities
            self.labelCount = labelCount
            self.scores = scores
        }

        /// Whether all that is said of a clip are numbers. Features near the end of what a float can hold make sums that
        /// are beyond it.
        package func isComputable(clip: Int) -> Bool {
            probabilities[clip * labelCount..<(clip + 1) * labelCount].allSatisfy(\.isFinite)
                && scores.values.allSatisfy { $0.values[$0.segments[clip]].allSatisfy(\.isFinite) }
        }

        /// The score of each unit of a clip, of the modalities it has; empty unless asked for.
        package func saliency(ofClip clip: Int) -> [String: [Float]] {
            scores.mapValues { Array($0.values[$0.segments[clip]]) }.filter { !$0.value.isEmpty }
        }
    }

    /// Predicts clips, and with `explaining` says how much each of their units counts: the masking network's score of it
    /// (section 3.3 of the paper), the higher the sooner it would be masked.
    ///
    /// - Precondition: a model that explains has masking networks (``ModelConfiguration/hasMaskingNetworks``).
    package func predict(_ clips: Clips, explaining: Bool = false) -> Prediction {
        guard clips.count > 0 else { return Prediction([], labelCount: 0, [:]) }
        let tape = Tape(parameters, recording: false)
        let encoded = network.encode(network.project(clips, on: tape), on: tape)
        let probabilities = network.recognise(encoded, on: tape).value.values.map(sigmoid)
        let scores = explaining ? network.maskingScores(encoded, on: tape) : []
        return Prediction(
            probabilities,
            labelCount: configuration.labels.count,
            Dictionary(
                uniqueKeysWithValues: zip(network.modalities, scores).map {
                    ($0.name, ($1.rows.value.values, $1.segments))
                })
        )
    }

    /// The most units of a batch of predictions, which bounds their memory.
    package static let batchUnitLimit = 16_384

    /// The probabilities of a whole split, computed in batches of clips of similar length.
    ///
    /// - Returns: [N, K], row-major, in the order of the clips.
    package func probabilities(ofSplit clips: Clips, batchSize: Int = 64) -> [Float] {
        let labels = configuration.labels.count
        var result = [Float](repeating: 0, count: clips.count * labels)
        let sampler = BatchSampler(lengths: clips.unitCounts, batchSize: batchSize, seed: 0)
        for batch in sampler.orderedBatches(unitLimit: Self.batchUnitLimit) {
            let values = probabilities(clips.select(batch))
            for (row, clip) in batch.enumerated() {
                result.replaceSubrange(
                    clip * labels..<(clip + 1) * labels, with: values[row * labels..<(row + 1) * labels])
            }
        }
        return result
    }
}
