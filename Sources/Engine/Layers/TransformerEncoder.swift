/// A stack of post-norm Transformer encoder blocks and a final LayerNorm.
package struct TransformerEncoder: Sendable {
    private let blocks: [EncoderBlock]
    private let norm: LayerNorm

    package init(_ layout: inout ParameterLayout, _ name: String, blocks: Int, _ shape: TransformerShape) {
        self.blocks = (0..<blocks).map { EncoderBlock(&layout, "\(name).layers.\($0)", shape) }
        norm = LayerNorm(&layout, "\(name).norm", width: shape.width, epsilon: shape.layerNormEpsilon)
    }

    package var parameters: [GroupedParameter] {
        blocks.flatMap(\.parameters) + norm.parameters.grouped(.other)
    }

    /// Encodes the rows of each clip: [rows, width] → [rows, width]
    package func callAsFunction(_ x: Variable, _ segments: Segments, on tape: Tape) -> Variable {
        norm(blocks.reduce(x) { $1($0, segments, on: tape) }, on: tape)
    }
}

/// Self-attention and feed-forward, each followed by dropout, residual and LayerNorm.
///
/// A class, as a copy of so many parameters takes as long as a small product.
final class EncoderBlock: Sendable {
    private let selfAttention: MultiHeadAttention
    private let feedForward: FeedForward
    private let norm1: LayerNorm
    private let norm2: LayerNorm
    private let dropout: Float

    init(_ layout: inout ParameterLayout, _ name: String, _ shape: TransformerShape) {
        selfAttention = MultiHeadAttention(
            &layout, "\(name).self_attention", width: shape.width, heads: shape.heads, dropout: shape.dropout)
        feedForward = FeedForward(&layout, name, shape)
        norm1 = LayerNorm(&layout, "\(name).norm1", width: shape.width, epsilon: shape.layerNormEpsilon)
        norm2 = LayerNorm(&layout, "\(name).norm2", width: shape.width, epsilon: shape.layerNormEpsilon)
        dropout = shape.dropout
    }

    var parameters: [GroupedParameter] {
        selfAttention.parameters.grouped(.attention) + feedForward.parameters.grouped(.feedForward)
            + (norm1.parameters + norm2.parameters).grouped(.other)
    }

    func callAsFunction(_ x: Variable, _ segments: Segments, on tape: Tape) -> Variable {
        let attended = norm1(selfAttention(x, segments, on: tape), addedTo: x, dropout: dropout, on: tape)
        return norm2(feedForward(attended, on: tape), addedTo: attended, dropout: dropout, on: tape)
    }
}

/// What the blocks of an encoder or decoder have in common.
package struct TransformerShape: Sendable {
    package let width: Int
    package let heads: Int
    /// The inner width of the feed-forward layers.
    package let feedForward: Int
    /// The rate on attention weights, inside and after the feed-forward, and after attention.
    package let dropout: Float
    package let layerNormEpsilon: Float

    package init(width: Int, heads: Int, feedForward: Int, dropout: Float, layerNormEpsilon: Float) {
        self.width = width
        self.heads = heads
        self.feedForward = feedForward
        self.dropout = dropout
        self.layerNormEpsilon = layerNormEpsilon
    }
}
