import CKernels

/// Where the heads of an attention operation find their rows: matrices of packed clips and the columns in them.
struct AttentionShape {
    /// Rows of the queries and of the keys and values, per clip.
    let queries: Segments
    let keys: Segments
    let width: Int
    let heads: Int

    var headWidth: Int { width / heads }
    var scale: Float { 1 / Float(headWidth).squareRoot() }
    /// Heads of all clips together.
    var pairs: Int { queries.count * heads }

    init(queries: Segments, keys: Segments, width: Int, heads: Int) {
        precondition(queries.count == keys.count, "queries of \(queries.count) clips, keys of \(keys.count)")
        precondition(width % heads == 0, "width \(width) does not divide into \(heads) heads")
        self.queries = queries
        self.keys = keys
        self.width = width
        self.heads = heads
    }

    /// The dropout tile at which each clip's weights start; heads of a clip follow one another.
    func firstTiles() -> [Int] {
        var tiles = [0]
        for clip in 0..<queries.count {
            tiles.append(tiles[clip] + heads * DropoutMask.tiles(queries[clip].count * keys[clip].count))
        }
        return tiles
    }
}

extension Tape {
    /// Scaled dot-product attention softmax(Q Kᵀ / √(d/h)) V of every head of every clip (Vaswani et al. 2017, eq. 1).
    ///
    /// A clip's queries see the keys of that clip only; a clip without keys or without queries gives no rows or zeros.
    /// The weights are not kept: the backward pass computes them again.
    ///
    /// - Parameters:
    ///   - queries: [Σ query rows, …], queries in columns 0 ..< width.
    ///   - keysAndValues: [Σ key rows, …], keys in columns `keyColumn` ..< +width, values in the `width` columns after
    ///     them. The same variable as `queries` for self-attention over a stacked projection.
    ///   - dropout: the rate on the attention weights.
    /// - Returns: [Σ query rows, width], the heads side by side.
    func attention(
        queries q: Variable,
        keysAndValues kv: Variable,
        keyColumn: Int,
        shape: AttentionShape,
        dropout rate: Float
    ) -> Variable {
        let mask = dropoutMask(rate: rate)
        let heads = AttentionHeads(
            shape: shape, q: q.value, kv: kv.value, keyColumn: keyColumn, mask: mask, precision: parameters.precision)
        let output = Tensor(uninitialized: [q.rows, shape.width])
        heads.forward(to: output)
        guard isRecording else { return constant(output) }
        return record(output) { gradient, pass in
            guard pass.wants(q.place) || pass.wants(kv.place) else { return }
            // The gradients cover all columns when the three share one projection; elsewhere q and kv are apart.
            let gq = Tensor(uninitialized: q.value.shape)
            let gkv = q.place == kv.place ? gq : Tensor(uninitialized: kv.value.shape)
            heads.backward(gradient, queries: gq, keysAndValues: gkv)
            pass.accumulate(gq, to: q.place)
            if q.place != kv.place { pass.accumulate(gkv, to: kv.place) }
        }
    }
}

/// The heads of an attention operation over packed matrices; one is L_q × L_k weights over `headWidth` columns.
private final class AttentionHeads {
    let shape: AttentionShape
    let q: Tensor
    let kv: Tensor
    let keyColumn: Int
    let mask: DropoutMask?
    private let firstTiles: [Int]?
    private let level: ck_gemm_level

    /// Operations worth handing to another thread, those of one head at least.
    private static let leastOperations = 1_000_000

    /// The same where a thread is waiting for them.
    private static let leastShortOperations = 50_000

    init(shape: AttentionShape, q: Tensor, kv: Tensor, keyColumn: Int, mask: DropoutMask?, precision: Precision) {
        (self.shape, self.q, self.kv, self.keyColumn, self.mask) = (shape, q, kv, keyColumn, mask)
        firstTiles = mask.map { _ in shape.firstTiles() }
        // These products are small, and part of a fused operation: none of a library would be.
        level = (InstructionSet.best(precision) ?? InstructionSet.best(.float32) ?? .narrow).code
    }

    /// The heads of all clips, as columns of `output`.
    func forward(to output: Tensor) {
        MatrixProduct.count(operations: 2 * operations)
        forEach { clip, column, head, scratch in
            let target = output.pointer + shape.queries[clip].lowerBound * shape.width + column
            guard head.queries > 0, head.keys > 0 else {
                return Self.zero(target, rows: head.queries, shape.width, width: head.width)
            }
            withMask { ck_attention(level, &head, $0, target, shape.width, scratch) }
        }
    }

    /// Writes the gradients of what the heads read.
    ///
    /// - Parameter gradient: that of their output.
    func backward(_ gradient: Tensor, queries gq: Tensor, keysAndValues gkv: Tensor) {
        MatrixProduct.count(operations: 5 * operations)
        forEach { clip, column, head, scratch in
            let rows = shape.queries[clip].lowerBound
            let q = gq.pointer + rows * q.columns + column
            let gk = gkv.pointer + shape.keys[clip].lowerBound * kv.columns + keyColumn + column
            guard head.queries > 0, head.keys > 0 else {
                Self.zero(q, rows: head.queries, gq.columns, width: head.width)
                Self.zero(gk, rows: head.keys, gkv.columns, width: head.width)
                return Self.zero(gk + shape.width, rows: head.keys, gkv.columns, width: head.width)
            }
            withMask {
                ck_attention_gradient(
                    level, &head, $0, gradient.pointer + rows * shape.width + column, shape.width,
                    q, gk, gk + shape.width, scratch)
            }
        }
    }

    /// Calls `body` with each head of each clip, and with scratch memory for it.
    private func forEach(
        _ body: (_ clip: Int, _ column: Int, _ head: inout ck_attention_head, _ scratch: UnsafeMutablePointer<Float>)
            -> Void
    ) {
        guard shape.pairs > 0 else { return }
        // The forward pass; a backward pass has two products and a half for each of its.
        let (queries, keys) = (shape.queries.longest, shape.keys.longest)
        let each = max(1, 4 * queries * keys * shape.headWidth)
        let isShort = shape.pairs * each < 2 * Self.leastOperations
        let isCut = !isShort || shape.pairs * each >= 2 * Self.leastShortOperations && Parallel.hasIdleThread
        let least = isShort ? Self.leastShortOperations : Self.leastOperations
        let shares = Chunks(shape.pairs, most: isCut ? max(1, least / each) : shape.pairs)
        var largest = head(0, 0)
        (largest.queries, largest.keys) = (queries, keys)
        let scratchCount = ck_attention_scratch(level, &largest)
        Parallel.forEach(shares.count, isShort: isShort) { index in
            let scratch = Storage(count: scratchCount)
            for pair in shares[index] {
                let clip = pair / shape.heads
                var head = head(clip, pair % shape.heads)
                body(clip, pair % shape.heads * shape.headWidth, &head, scratch.pointer)
            }
        }
    }

    private static func zero(_ x: UnsafeMutablePointer<Float>, rows: Int, _ stride: Int, width: Int) {
        for row in 0..<rows { (x + row * stride).update(repeating: 0, count: width) }
    }

    private func head(_ clip: Int, _ index: Int) -> ck_attention_head {
        let (queries, keys, column) = (shape.queries[clip], shape.keys[clip], index * shape.headWidth)
        let k = kv.pointer + keys.lowerBound * kv.columns + keyColumn + column
        return ck_attention_head(
            q: q.pointer + queries.lowerBound * q.columns + column, k: k, v: k + shape.width, q_stride: q.columns,
            kv_stride: kv.columns, queries: queries.count, keys: keys.count, width: shape.headWidth, scale: shape.scale,
            first_tile: firstTiles.map { UInt64($0[clip] + index * DropoutMask.tiles(queries.count * keys.count)) } ?? 0
        )
    }

    /// Those of one product of all heads.
    private var operations: Int {
        (0..<shape.queries.count).reduce(0) { $0 + shape.queries[$1].count * shape.keys[$1].count } * 2 * shape.width
    }

    private func withMask(_ body: (UnsafePointer<ck_dropout_mask>?) -> Void) {
        if let mask { mask.withPointer(body) } else { body(nil) }
    }
}
