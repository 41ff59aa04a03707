extension MatrixProduct {
    /// The product by a library that computes on the calling thread, tile by tile.
    func computeTiled(_ multiply: (MatrixProduct) -> Void, _ finish: Finish?) {
        let tiling = GEMMTiling(m: m, n: n, k: k)
        Parallel.forEach(tiling.count) {
            let tile = tiling[$0]
            multiply(part(tile))
            finish?(tile.rows, tile.columns)
        }
    }

    private func part(_ tile: (rows: Range<Int>, columns: Range<Int>)) -> MatrixProduct {
        MatrixProduct(
            m: tile.rows.count, n: tile.columns.count, k: k, a.from(row: tile.rows.lowerBound, column: 0),
            b.from(row: 0, column: tile.columns.lowerBound),
            to: c + tile.rows.lowerBound * stride + tile.columns.lowerBound, stride: stride, adding: adds,
            precision: precision)
    }
}
