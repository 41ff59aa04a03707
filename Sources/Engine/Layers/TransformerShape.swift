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
