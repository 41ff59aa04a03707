package import Engine

/// The network of MMER (section 3.2 of the paper): projections and uni-modal encoders per modality, a multi-modal
/// encoder, an emotion decoder and a classifier. It holds the places of parameters, not their values.
package struct Network: Sendable {
    package let configuration: ModelConfiguration
    package let layout: ParameterLayout
    private let branches: [Branch]
    private let multimodalEncoder: TransformerEncoder
    private let decoder: TransformerDecoder
    private let classifierWeight: Parameter
    private let classifierBias: Parameter

    /// The part of the network that sees one modality only.
    private struct Branch: Sendable {
        let modality: Modality
        let projection: Linear
        let norm: LayerNorm
        let encoder: TransformerEncoder
    }

    package init(_ configuration: ModelConfiguration) {
        self.configuration = configuration
        let hyperparameters = configuration.hyperparameters
        let shape = TransformerShape(
            width: hyperparameters.modelWidth,
            heads: hyperparameters.heads,
            feedForward: hyperparameters.feedForward,
            dropout: hyperparameters.dropout,
            layerNormEpsilon: hyperparameters.layerNormEpsilon
        )
        var layout = ParameterLayout()
        branches = configuration.modalities.map { modality in
            let projection = "projection.\(modality.name)"
            return Branch(
                modality: modality,
                projection: Linear(
                    &layout, "\(projection).linear", input: modality.featureSize, output: shape.width),
                norm: LayerNorm(
                    &layout, "\(projection).norm", width: shape.width, epsilon: shape.layerNormEpsilon),
                encoder: TransformerEncoder(
                    &layout, "encoder.\(modality.name)", blocks: hyperparameters.unimodalBlocks, shape)
            )
        }
        multimodalEncoder = TransformerEncoder(
            &layout, "encoder.multimodal", blocks: hyperparameters.multimodalBlocks, shape)
        let labels = configuration.labels.count
        decoder = TransformerDecoder(
            &layout, "decoder", queries: labels, blocks: hyperparameters.decoderBlocks, shape)
        let vectors = hyperparameters.classifier == .perLabel ? labels : 1
        classifierWeight = layout.add("classifier.weight", [vectors, shape.width], .xavierUniform)
        classifierBias = layout.add("classifier.bias", [vectors], .uniform(fanIn: shape.width))
        self.layout = layout
    }

    /// Scores every label of every clip.
    ///
    /// A modality that a clip lacks has no units in the multi-modal encoder. `clips` holds every modality of the
    /// configuration, with its feature size.
    ///
    /// - Returns: logits [B, K]
    package func callAsFunction(_ clips: Clips, on tape: Tape) -> Variable {
        let encoded = branches.map { branch -> (Variable, Segments) in
            guard let sequences = clips.modalities[branch.modality.name] else {
                preconditionFailure("the batch lacks modality \(branch.modality.name)")
            }
            let segments = Segments(lengths: sequences.lengths)
            let x = tape.constant(
                Tensor(sequences.values, shape: [sequences.rowCount, branch.modality.featureSize]))
            return (encode(x, segments, with: branch, on: tape), segments)
        }
        let (concatenated, segments) = tape.concatenate(encoded)
        let memory = multimodalEncoder(concatenated, segments, on: tape)
        let decoded = decoder(memory: memory, segments, on: tape)
        return tape.labelScores(
            decoded, labels: configuration.labels.count, weight: classifierWeight, bias: classifierBias)
    }

    /// The uni-modal encoding H^m of the units of one modality: [rows, D_m] → [rows, d]
    private func encode(_ x: Variable, _ segments: Segments, with branch: Branch, on tape: Tape) -> Variable {
        let projected = branch.norm(branch.projection(x, on: tape), on: tape)
        let input = tape.dropout(projected, rate: configuration.hyperparameters.dropout)
        return branch.encoder(input, segments, on: tape)
    }
}
