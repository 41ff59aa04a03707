import CKernels

extension MatrixProduct {
    /// The most terms of an element that are added at a time: a panel of B of this depth stays in the first-level cache.
    private static let depth = 256

    /// Rows of A that a thread packs at a time, to stay in its second-level cache.
    private static let blockRows = 192

    /// Operations worth handing to another thread: some 25 µs of one core.
    private static let leastOperations = 2_000_000

    /// The product by the engine's own kernels: B is packed into panels once, then each thread packs blocks of A's rows
    /// and computes tiles of C from them (Goto & van de Geijn 2008).
    ///
    /// An element's terms are added in the same order wherever it lies in C and however C is cut: a row of the result
    /// depends on nothing but that row of op(A).
    func computePacked(_ level: KernelLevel, isParallel: Bool) {
        let level = level.code
        let (rows, columns) = (ck_gemm_tile_rows(level), ck_gemm_tile_columns(level))
        let panels = (n + columns - 1) / columns
        let depths = Self.parts(of: k, most: Self.depth, multiple: 1)
        let packed = Tensor(uninitialized: [panels * columns * k])
        let tiles = Tiles(self, rows: rows, columns: columns, isParallel: isParallel)

        /// The panels of B for some columns of C, from the given term on.
        func panel(_ term: Range<Int>, column: Int) -> UnsafeMutablePointer<Float> {
            packed.pointer + panels * columns * term.lowerBound + column * term.count
        }
        func pack(_ part: Range<Int>) {
            for term in depths {
                b.from(row: term.lowerBound, column: part.lowerBound).packColumns(
                    part.count, depth: term.count, lanes: columns, to: panel(term, column: part.lowerBound))
            }
        }
        func tile(_ tile: (rows: Range<Int>, columns: Range<Int>)) {
            let block = Tensor(uninitialized: [(tile.rows.count + rows - 1) / rows * rows * depths[0].count])
            for term in depths {
                a.from(row: tile.rows.lowerBound, column: term.lowerBound).packRows(
                    tile.rows.count, depth: term.count, lanes: rows, to: block.pointer)
                ck_gemm_block(
                    level, block.pointer, panel(term, column: tile.columns.lowerBound), tile.rows.count,
                    tile.columns.count, term.count, c + tile.rows.lowerBound * stride + tile.columns.lowerBound, stride,
                    adds || term.lowerBound > 0 ? 1 : 0)
            }
        }
        guard tiles.count > 1 else {
            pack(0..<n)
            return tile((0..<m, 0..<n))
        }
        let shares = Self.parts(of: n, most: max(columns, n / (4 * Parallel.threads)), multiple: columns)
        Parallel.forEach(shares.count) { pack(shares[$0]) }
        Parallel.forEach(tiles.count) { tile(tiles[$0]) }
    }

    /// Cuts 0 ..< length into as few parts as hold at most `most`, all of about the same length.
    private static func parts(of length: Int, most: Int, multiple: Int) -> [Range<Int>] {
        let count = (length + most - 1) / most
        let part = ((length + count - 1) / count + multiple - 1) / multiple * multiple
        return (0..<count).map { min(length, $0 * part)..<min(length, ($0 + 1) * part) }.filter { !$0.isEmpty }
    }

    /// The tiles of C that threads work on.
    private struct Tiles {
        private let rows: [Range<Int>]
        private let columns: [Range<Int>]

        /// - Parameters:
        ///   - rows: of a kernel's tile.
        ///   - columns: of a kernel's tile.
        init(_ product: MatrixProduct, rows: Int, columns: Int, isParallel: Bool) {
            // Some more than threads, so that they end together. Rows are cut first: each part of the columns packs its
            // rows of A again. Parts of less than four tiles would wait for B.
            let wanted = isParallel ? max(1, min(4 * Parallel.threads, product.operations / leastOperations)) : 1
            let share = ((product.m + wanted - 1) / wanted + rows - 1) / rows
            self.rows = MatrixProduct.parts(
                of: product.m, most: min(max(share, 4), blockRows / rows) * rows, multiple: rows)
            let across = (wanted + self.rows.count - 1) / self.rows.count
            self.columns = MatrixProduct.parts(
                of: product.n, most: max(columns, (product.n + across - 1) / across), multiple: columns)
        }

        var count: Int { rows.count * columns.count }

        subscript(index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
            (rows[index / columns.count], columns[index % columns.count])
        }
    }
}

extension MatrixProduct.Operand {
    /// Packs the first rows of op(A) into panels of `lanes` rows.
    fileprivate func packRows(_ count: Int, depth: Int, lanes: Int, to panels: UnsafeMutablePointer<Float>) {
        ck_gemm_pack(pointer, stride, isTransposed ? 0 : 1, lanes, count, depth, panels)
    }

    /// Packs the first columns of op(B) into panels of `lanes` columns.
    fileprivate func packColumns(_ count: Int, depth: Int, lanes: Int, to panels: UnsafeMutablePointer<Float>) {
        ck_gemm_pack(pointer, stride, isTransposed ? 1 : 0, lanes, count, depth, panels)
    }
}
