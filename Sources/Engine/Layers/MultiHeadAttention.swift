/// Multi-head attention with stacked query, key and value projections (Vaswani et al. 2017, section 3.2.2).
package struct MultiHeadAttention: Sendable {
    /// Query, key and value maps stacked: weight [3 width, width].
    package let inProjection: Linear
    package let outProjection: Linear
    /// Parts of the stacked maps.
    private let queryProjection: Linear
    private let keyAndValueProjection: Linear
    private let width: Int
    private let heads: Int
    private let dropout: Float

    /// - Parameters:
    ///   - readsMemory: whether it is for cross-attention, else for self-attention.
    ///   - isExact: whether predictions in int8 leave out what is computed of `x`; not of the memory.
    ///   - dropout: the rate on the attention weights.
    package init(
        _ layout: inout ParameterLayout, _ name: String, width: Int, heads: Int, readsMemory: Bool = false,
        isExact: Bool = false, dropout: Float
    ) {
        let (x, memory) = readsMemory ? (0..<width, [width..<3 * width]) : (0..<3 * width, [])
        inProjection = Linear(
            &layout, "\(name).in_proj", input: width, output: 3 * width, biasInitializer: .zeros,
            use: .factors([.init(x, isExact: isExact)] + memory.map { .init($0) }))
        outProjection = Linear(
            &layout, "\(name).out_proj", input: width, output: width, biasInitializer: .zeros, isExact: isExact)
        queryProjection = inProjection.outputs(0..<width)
        keyAndValueProjection = inProjection.outputs(width..<3 * width)
        self.width = width
        self.heads = heads
        self.dropout = dropout
    }

    var parameters: [Parameter] { inProjection.parameters + outProjection.parameters }

    /// The most scratch memory that attention may take on a thread, in bytes.
    private static let scratchLimit = 768 << 20

    /// The most units of a clip, over all modalities, for which attention keeps to its bound of 768 MiB a thread. Longer
    /// clips are refused where they come in.
    package static let longestSequence = Int((Double(scratchLimit) / Double(scratchBytes(rows: 1))).squareRoot())

    /// What a head of self-attention over that many rows takes on a thread: weights, weights after dropout and their
    /// gradient.
    package static func scratchBytes(rows: Int) -> Int { 3 * rows * rows * MemoryLayout<Float>.stride }

    /// Self-attention among the rows of each clip: [rows, width] → [rows, width]
    package func callAsFunction(_ x: Variable, _ segments: Segments, on tape: Tape) -> Variable {
        let stacked = inProjection(x, on: tape)
        let shape = AttentionShape(queries: segments, keys: segments, width: width, heads: heads)
        let heads = tape.attention(
            queries: stacked, keysAndValues: stacked, keyColumn: width, shape: shape, dropout: dropout)
        return outProjection(heads, on: tape)
    }

    /// Cross-attention of each clip's rows of `x` to its rows of `memory`.
    ///
    /// - Returns: [rows of x, width]
    package func callAsFunction(
        _ x: Variable,
        _ segments: Segments,
        memory: Variable,
        memorySegments: Segments,
        on tape: Tape
    ) -> Variable {
        let queries = queryProjection(x, on: tape)
        let keysAndValues = keyAndValueProjection(memory, on: tape)
        let shape = AttentionShape(queries: segments, keys: memorySegments, width: width, heads: heads)
        let heads = tape.attention(
            queries: queries, keysAndValues: keysAndValues, keyColumn: 0, shape: shape, dropout: dropout)
        return outProjection(heads, on: tape)
    }
}
