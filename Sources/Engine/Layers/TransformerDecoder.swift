/// Learned queries through a stack of post-norm Transformer decoder blocks and a final LayerNorm.
package struct TransformerDecoder: Sendable {
    private let queries: Parameter
    private let blocks: [DecoderBlock]
    private let norm: LayerNorm

    /// - Parameter queries: how many rows each clip gets, one per query.
    package init(
        _ layout: inout ParameterLayout,
        _ name: String,
        queries count: Int,
        blocks: Int,
        _ shape: TransformerShape
    ) {
        queries = layout.add("\(name).queries", [count, shape.width], .xavierUniform)
        self.blocks = (0..<blocks).map { DecoderBlock(&layout, "\(name).layers.\($0)", shape) }
        norm = LayerNorm(&layout, "\(name).norm", width: shape.width, epsilon: shape.layerNormEpsilon)
    }

    package var parameters: [GroupedParameter] {
        [queries].grouped(.other) + blocks.flatMap(\.parameters) + norm.parameters.grouped(.other)
    }

    /// What each query reads from its clip's rows of `memory` [rows, width].
    ///
    /// - Returns: [clips · queries, width]
    package func callAsFunction(memory: Variable, _ memorySegments: Segments, on tape: Tape) -> Variable {
        let segments = Segments(count: memorySegments.count, length: queries.shape[0])
        let start = tape.expand(queries, clips: memorySegments.count)
        return norm(blocks.reduce(start) { $1($0, segments, memory, memorySegments, on: tape) }, on: tape)
    }
}

/// Self-attention, cross-attention and feed-forward, each followed by dropout, residual and LayerNorm.
final class DecoderBlock: Sendable {
    private let selfAttention: MultiHeadAttention
    private let crossAttention: MultiHeadAttention
    private let feedForward: FeedForward
    private let norm1: LayerNorm
    private let norm2: LayerNorm
    private let norm3: LayerNorm
    private let dropout: Float

    init(_ layout: inout ParameterLayout, _ name: String, _ shape: TransformerShape) {
        selfAttention = MultiHeadAttention(
            &layout, "\(name).self_attention", width: shape.width, heads: shape.heads, isExact: true,
            dropout: shape.dropout)
        crossAttention = MultiHeadAttention(
            &layout, "\(name).cross_attention", width: shape.width, heads: shape.heads, readsMemory: true,
            isExact: true, dropout: shape.dropout)
        feedForward = FeedForward(&layout, name, shape, isExact: true)
        norm1 = LayerNorm(&layout, "\(name).norm1", width: shape.width, epsilon: shape.layerNormEpsilon)
        norm2 = LayerNorm(&layout, "\(name).norm2", width: shape.width, epsilon: shape.layerNormEpsilon)
        norm3 = LayerNorm(&layout, "\(name).norm3", width: shape.width, epsilon: shape.layerNormEpsilon)
        dropout = shape.dropout
    }

    var parameters: [GroupedParameter] {
        (selfAttention.parameters + crossAttention.parameters).grouped(.attention)
            + feedForward.parameters.grouped(.feedForward)
            + (norm1.parameters + norm2.parameters + norm3.parameters).grouped(.other)
    }

    func callAsFunction(
        _ x: Variable,
        _ segments: Segments,
        _ memory: Variable,
        _ memorySegments: Segments,
        on tape: Tape
    ) -> Variable {
        let related = norm1(selfAttention(x, segments, on: tape), addedTo: x, dropout: dropout, on: tape)
        let read = crossAttention(related, segments, memory: memory, memorySegments: memorySegments, on: tape)
        let attended = norm2(read, addedTo: related, dropout: dropout, on: tape)
        return norm3(feedForward(attended, on: tape), addedTo: attended, dropout: dropout, on: tape)
    }
}
