package import Engine

/// The network of MMER (section 3.2 of the paper): projections and uni-modal encoders per modality, a multi-modal
/// encoder, an emotion decoder and a classifier; and the masking networks of section 3.3. It holds the places of
/// parameters, not their values.
///
/// Lists over modalities are in the order of `modalities`.
package struct Network: Sendable {
    package let configuration: ModelConfiguration
    package let layout: ParameterLayout
    private let branches: [Branch]
    private let multimodalEncoder: SequenceEncoder?
    private let decoder: TransformerDecoder?
    private let classifier: Linear
    /// W^m and b^m; none when nothing is masked by score.
    private let maskingNetworks: [Linear]

    /// The part of the network that sees one modality only.
    private final class Branch: Sendable {
        let modality: Modality
        let projection: Linear
        let norm: LayerNorm
        let encoder: SequenceEncoder
        /// Learned positions [places, d].
        let positions: Parameter?

        init(
            _ layout: inout ParameterLayout, _ modality: Modality, _ hyperparameters: Hyperparameters,
            _ shape: TransformerShape
        ) {
            let projection = "projection.\(modality.name)"
            self.modality = modality
            self.projection = Linear(
                &layout, "\(projection).linear", input: modality.featureSize, output: shape.width, isExact: true)
            norm = LayerNorm(
                &layout, "\(projection).norm", width: shape.width, epsilon: shape.layerNormEpsilon)
            encoder = SequenceEncoder(
                &layout, "encoder.\(modality.name)", hyperparameters.backbone,
                blocks: hyperparameters.unimodalBlocks, shape)
            positions =
                hyperparameters.positional == .learned
                ? layout.add("positions.\(modality.name)", [places, shape.width], .xavierUniform) : nil
        }
    }

    /// Places with a learned position of their own; later units share the last.
    private static let places = 512

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
        branches = configuration.usedModalities.map { Branch(&layout, $0, hyperparameters, shape) }
        multimodalEncoder =
            hyperparameters.multimodalEncoder == .on
            ? SequenceEncoder(
                &layout, "encoder.multimodal", hyperparameters.backbone, blocks: hyperparameters.multimodalBlocks, shape
            )
            : nil
        let labels = configuration.labels.count
        decoder =
            hyperparameters.decoder == .on
            ? TransformerDecoder(&layout, "decoder", queries: labels, blocks: hyperparameters.decoderBlocks, shape)
            : nil
        // A shared vector needs a decoder's row per label to tell them apart.
        let isShared = hyperparameters.classifier == .shared && decoder != nil
        classifier = Linear(
            &layout, "classifier", input: shape.width, output: isShared ? 1 : labels,
            use: decoder == nil ? nil : .values)
        maskingNetworks =
            configuration.hasMaskingNetworks
            ? branches.map {
                Linear(&layout, "masking.\($0.modality.name)", input: shape.width, output: 1, isExact: true)
            } : []
        self.layout = layout
    }

    package var modalities: [Modality] { branches.map(\.modality) }

    /// Scores every label of every clip.
    ///
    /// A modality that a clip lacks has no units in the multi-modal encoder. `clips` holds every modality of the
    /// network, with its feature size.
    ///
    /// - Returns: logits [B, K]
    package func callAsFunction(_ clips: Clips, on tape: Tape) -> Variable {
        recognise(encode(project(clips, on: tape), on: tape), on: tape)
    }

    /// What `body` makes of each branch.
    ///
    /// For few units, most operations are too small to be cut, and the branches run on threads of their own instead; a
    /// thread without a branch helps with the larger products of another one. To record, or to draw a dropout mask, takes
    /// one thread.
    private func map<Result>(_ units: Int, on tape: Tape, _ body: (Int) -> Result) -> [Result] {
        guard units <= Self.fewUnits, tape.onlyComputes else { return branches.indices.map(body) }
        return Parallel.map(branches.count, body)
    }

    /// Units of all branches up to which these run side by side.
    private static let fewUnits = 128

    /// The projected units Z^m, "the input x" of masking: [rows, D_m] → [rows, d].
    package func project(_ clips: Clips, on tape: Tape) -> [Units] {
        map(clips.unitCounts.reduce(0, +), on: tape) { index in
            let branch = branches[index]
            guard let sequences = clips.modalities[branch.modality.name] else {
                preconditionFailure("the batch lacks modality \(branch.modality.name)")
            }
            var features = sequences.values.withUnsafeBufferPointer {
                Tensor($0, shape: [sequences.rowCount, branch.modality.featureSize])
            }
            configuration.standardization?[branch.modality.name]?.apply(to: &features)
            let projected = branch.norm(branch.projection(tape.constant(features), on: tape), on: tape)
            return Units(
                rows: tape.dropout(projected, rate: configuration.hyperparameters.dropout),
                segments: Segments(lengths: sequences.lengths)
            )
        }
    }

    /// The uni-modal encodings H^m of projected units: [rows, d] → [rows, d].
    package func encode(_ projected: [Units], on tape: Tape) -> [Units] {
        map(projected.reduce(0) { $0 + $1.rows.rows }, on: tape) { index in
            let (branch, units) = (branches[index], projected[index])
            var placed = units
            switch configuration.hyperparameters.positional {
            case .none: break
            case .sinusoidal: placed = units.with(tape.addSinusoids(to: units.rows, units.segments))
            case .learned:
                guard let positions = branch.positions else { preconditionFailure("there are learned positions") }
                placed = units.with(tape.addPositions(positions, to: units.rows, units.segments))
            }
            return branch.encoder(placed, on: tape)
        }
    }

    /// The logits [B, K] of encoded clips: multi-modal encoder, emotion decoder and classifier.
    package func recognise(_ encoded: [Units], on tape: Tape) -> Variable {
        let (concatenated, segments) = tape.concatenate(encoded.map { ($0.rows, $0.segments) })
        var memory = Units(rows: concatenated, segments: segments)
        if let multimodalEncoder { memory = multimodalEncoder(memory, on: tape) }
        guard let decoder else { return classifier(tape.meanPool(memory.rows, segments), on: tape) }
        let logits = tape.perLabelLinear(
            decoder(memory: memory.rows, segments, on: tape), labels: configuration.labels.count,
            weight: classifier.weight, bias: classifier.bias)
        guard configuration.hyperparameters.classifier == .shared else { return logits }
        return tape.dropout(logits, rate: configuration.hyperparameters.dropout)
    }

    /// The score of each unit, s = σ(W^m h + b^m): [rows, d] → [rows, 1] (equation 6).
    package func maskingScores(_ encoded: [Units], on tape: Tape) -> [Units] {
        precondition(maskingNetworks.count == encoded.count, "there are masking networks")
        return zip(maskingNetworks, encoded).map { network, units in
            units.with(tape.sigmoid(network(units.rows, on: tape)))
        }
    }

    /// The parameters of some modules.
    func parameters(of modules: [Hyperparameters.Module]) -> [GroupedParameter] {
        modules.flatMap { module in
            switch module {
            case .unimodal: branches.flatMap(\.encoder.parameters)
            case .multimodal: multimodalEncoder?.parameters ?? []
            case .decoder: decoder?.parameters ?? []
            }
        }
    }
}
