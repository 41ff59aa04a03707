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
    /// One unit of parallel work is one head of one clip.
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
        let tiles = mask == nil ? [] : shape.firstTiles()
        let output = Tensor(uninitialized: [q.rows, shape.width])
        let head = { (pair: Int) in
            AttentionHead(pair: pair, shape: shape, q: q.value, kv: kv.value, keyColumn: keyColumn)
        }
        Parallel.forEach(shape.pairs) { pair in
            head(pair).forward(output: output, mask: mask, tiles: tiles)
        }
        return record(output) { gradient, pass in
            guard pass.wants(q.place) || pass.wants(kv.place) else { return }
            // The gradients cover all columns when the three share one projection; elsewhere q and kv are apart.
            let gq = Tensor(zeros: q.value.shape)
            let gkv = q.place == kv.place ? gq : Tensor(zeros: kv.value.shape)
            Parallel.forEach(shape.pairs) { pair in
                head(pair).backward(gradient: gradient, gq: gq, gkv: gkv, mask: mask, tiles: tiles)
            }
            pass.add(gq, to: q.place)
            if q.place != kv.place { pass.add(gkv, to: kv.place) }
        }
    }
}

/// One head of one clip: L_q × L_k weights over `headWidth` columns of the packed matrices.
private struct AttentionHead {
    let shape: AttentionShape
    let clip: Int
    let head: Int
    let q: UnsafeMutablePointer<Float>
    let k: UnsafeMutablePointer<Float>
    let v: UnsafeMutablePointer<Float>
    let queryStride: Int
    let keyStride: Int
    let keyColumn: Int

    init(pair: Int, shape: AttentionShape, q: Tensor, kv: Tensor, keyColumn: Int) {
        self.shape = shape
        self.keyColumn = keyColumn
        clip = pair / shape.heads
        head = pair % shape.heads
        queryStride = q.columns
        keyStride = kv.columns
        let column = head * shape.headWidth
        self.q = q.pointer + shape.queries[clip].lowerBound * queryStride + column
        k = kv.pointer + shape.keys[clip].lowerBound * keyStride + keyColumn + column
        v = k + shape.width
    }

    var queryRows: Int { shape.queries[clip].count }
    var keyRows: Int { shape.keys[clip].count }

    private func firstTile(_ tiles: [Int]) -> Int {
        tiles[clip] + head * DropoutMask.tiles(queryRows * keyRows)
    }

    /// softmax(scale Q Kᵀ) [L_q, L_k].
    private func weights() -> Tensor {
        let weights = Tensor(uninitialized: [queryRows, keyRows])
        MatrixProduct(
            m: queryRows, n: keyRows, k: shape.headWidth,
            .init(q, stride: queryStride),
            .init(k, stride: keyStride, transposed: true),
            to: weights.pointer, stride: keyRows
        ).computeSerially()
        ck_softmax(weights.pointer, queryRows, keyRows, shape.scale)
        return weights
    }

    func forward(output: Tensor, mask: DropoutMask?, tiles: [Int]) {
        guard queryRows > 0 else { return }
        let target = output.pointer + shape.queries[clip].lowerBound * shape.width + head * shape.headWidth
        guard keyRows > 0 else {
            for row in 0..<queryRows { (target + row * shape.width).update(repeating: 0, count: shape.headWidth) }
            return
        }
        let p = weights()
        mask?.apply(p.pointer, to: p.pointer, count: p.count, firstTile: firstTile(tiles))
        MatrixProduct(
            m: queryRows, n: shape.headWidth, k: keyRows,
            .init(p.pointer, stride: keyRows),
            .init(v, stride: keyStride),
            to: target, stride: shape.width
        ).computeSerially()
    }

    func backward(gradient: Tensor, gq: Tensor, gkv: Tensor, mask: DropoutMask?, tiles: [Int]) {
        guard queryRows > 0, keyRows > 0 else { return }
        let (lq, lk, width) = (queryRows, keyRows, shape.headWidth)
        let column = head * width
        let go = gradient.pointer + shape.queries[clip].lowerBound * shape.width + column
        let gqRows = gq.pointer + shape.queries[clip].lowerBound * queryStride + column
        let gkRows = gkv.pointer + shape.keys[clip].lowerBound * keyStride + keyColumn + column
        let gvRows = gkRows + shape.width
        let p = weights()
        let dropped = mask == nil ? p : Tensor(uninitialized: p.shape)
        mask?.apply(p.pointer, to: dropped.pointer, count: p.count, firstTile: firstTile(tiles))
        // dV = P̃ᵀ dO; dP̃ = dO Vᵀ, back through dropout and softmax to dS; dQ = dS K, dK = dSᵀ Q.
        MatrixProduct(
            m: lk, n: width, k: lq,
            .init(dropped.pointer, stride: lk, transposed: true),
            .init(go, stride: shape.width),
            to: gvRows, stride: keyStride
        ).computeSerially()
        let gs = Tensor(uninitialized: p.shape)
        MatrixProduct(
            m: lq, n: lk, k: width,
            .init(go, stride: shape.width),
            .init(v, stride: keyStride, transposed: true),
            to: gs.pointer, stride: lk
        ).computeSerially()
        mask?.apply(gs.pointer, to: gs.pointer, count: gs.count, firstTile: firstTile(tiles))
        ck_softmax_gradient(p.pointer, gs.pointer, lq, lk, shape.scale)
        MatrixProduct(
            m: lq, n: width, k: lk,
            .init(gs.pointer, stride: lk),
            .init(k, stride: keyStride),
            to: gqRows, stride: queryStride
        ).computeSerially()
        MatrixProduct(
            m: lk, n: width, k: lq,
            .init(gs.pointer, stride: lk, transposed: true),
            .init(q, stride: queryStride),
            to: gkRows, stride: keyStride
        ).computeSerially()
    }
}
