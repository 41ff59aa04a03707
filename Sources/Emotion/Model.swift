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
    package func probabilities(_ clips: Clips) -> [Float] {
        guard clips.count > 0 else { return [] }
        let tape = Tape(parameters, recording: false)
        return network(clips, on: tape).value.values.map(sigmoid)
    }

    /// The probabilities of a whole split, computed in batches of clips of similar length.
    ///
    /// - Returns: [N, K], row-major, in the order of the clips.
    package func probabilities(ofSplit clips: Clips, batchSize: Int = 64) -> [Float] {
        let labels = configuration.labels.count
        var result = [Float](repeating: 0, count: clips.count * labels)
        for batch in BatchSampler(lengths: clips.unitCounts, batchSize: batchSize, seed: 0).orderedBatches() {
            let values = probabilities(clips.select(batch))
            for (row, clip) in batch.enumerated() {
                result.replaceSubrange(
                    clip * labels..<(clip + 1) * labels, with: values[row * labels..<(row + 1) * labels])
            }
        }
        return result
    }

    /// How well the model does on labelled clips, at the threshold it was trained for.
    package func evaluate(_ clips: Clips) -> Metrics {
        guard let labels = clips.labels else { preconditionFailure("an evaluation needs labelled clips") }
        return Metrics(
            probabilities: probabilities(ofSplit: clips),
            labels: labels,
            labelCount: clips.labelCount,
            thresholds: Array(repeating: configuration.hyperparameters.threshold, count: clips.labelCount)
        )
    }
}
