extension MatrixProduct {
    /// The product by a library that computes on the calling thread, tile by tile.
    func computeTiled(_ multiply: (MatrixProduct) -> Void, _ finish: Finish?) {
        forEachTile(finish) { multiply(part($0)) }
    }

    /// The product in bfloat16 by a library that computes on the calling thread, from operands that are rounded once.
    func computeRounded(_ multiply: (MatrixProduct, BFloat16Matrix, BFloat16Matrix) -> Void, _ finish: Finish?) {
        let a = BFloat16Matrix(a, rows: m, columns: k)
        let b = BFloat16Matrix(b, rows: k, columns: n)
        forEachTile(finish) { tile in
            multiply(
                part(tile), a.from(row: tile.rows.lowerBound, column: 0),
                b.from(row: 0, column: tile.columns.lowerBound))
        }
    }

    private func forEachTile(_ finish: Finish?, _ body: ((rows: Range<Int>, columns: Range<Int>)) -> Void) {
        let tiling = GEMMTiling(m: m, n: n, k: k)
        Parallel.forEach(tiling.count) {
            let tile = tiling[$0]
            body(tile)
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
