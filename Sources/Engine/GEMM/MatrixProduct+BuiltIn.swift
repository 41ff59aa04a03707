import CKernels

extension MatrixProduct {
    /// Rows of A that a thread copies at a time, to stay in its second-level cache.
    private static let blockRows = 192

    /// Columns of C up to which copying A costs more than it saves.
    private static let mostUnpackedColumns = 256

    /// The largest stride of a transposed A whose rows lie in few enough pages to be read where they are.
    private static let mostUnpackedStride = 512

    /// Operations worth handing to another thread: some 25 µs of one core.
    private static let leastOperations = 2_000_000

    /// The product by the engine's own kernels: B is packed once, then each thread copies its rows of A, or reads them
    /// where they lie, and computes tiles of C (Goto & van de Geijn 2008).
    ///
    /// An element's terms are added in the same order wherever it lies in C and however C is cut: a row of the result
    /// depends on nothing but that row of op(A).
    func computeBuiltIn(_ level: KernelLevel, _ finish: Finish?) {
        let (rows, columns) = tiles(level, columnMultiple: finish == nil ? 1 : Self.finishingColumns)
        let b = self.b.packed ?? PackedMatrix(b, k: k, n: n, level: level)
        precondition(b.level == level && b.k == k && b.n == n, "packed for another product")
        Parallel.forEach(rows.count * columns.count) {
            let (rows, columns) = (rows[$0 / columns.count], columns[$0 % columns.count])
            computeTile(rows, columns, b)
            finish?(rows, columns)
        }
    }

    private func computeTile(_ rows: Range<Int>, _ columns: Range<Int>, _ b: PackedMatrix) {
        let level = b.level
        let isCopied =
            columns.count > Self.mostUnpackedColumns || (a.isTransposed && a.stride > Self.mostUnpackedStride)
        let copiedRows = (rows.count + level.tileRows - 1) / level.tileRows * level.tileRows
        let copy = isCopied ? Storage(count: copiedRows * level.steps(b.depths[0].count)) : nil
        for index in 0..<b.depths.count {
            let depth = b.depths[index]
            let a = a.from(row: rows.lowerBound, column: depth.lowerBound)
            let isTransposed: Int32 = a.isTransposed ? 1 : 0
            let c = c + rows.lowerBound * stride + columns.lowerBound
            let panels = b.panel(depth, columns.lowerBound)
            let adds: Int32 = adds || index > 0 ? 1 : 0
            if let copy {
                ck_gemm_block(
                    level.code, a.pointer, a.stride, isTransposed, panels, rows.count, columns.count, depth.count, c,
                    stride, adds, copy.pointer)
            } else {
                ck_gemm_block_unpacked(
                    level.code, a.pointer, a.stride, isTransposed, panels, rows.count, columns.count, depth.count, c,
                    stride, adds)
            }
        }
    }

    /// The parts of C that threads work on: some more than threads, so that they end together.
    ///
    /// Rows are cut first, as each part of the columns copies its rows of A again; but parts of less than four tiles
    /// would wait for B.
    private func tiles(_ level: KernelLevel, columnMultiple: Int) -> (rows: Cut, columns: Cut) {
        let (height, width) = (level.tileRows, max(level.tileColumns, columnMultiple))
        let wanted = Parallel.threads > 1 ? max(1, min(4 * Parallel.threads, operations / Self.leastOperations)) : 1
        let most = min(max((m + wanted - 1) / wanted, 4 * height), Self.blockRows / height * height)
        let rows = Cut(m, most: most, multiple: height)
        let columns = Cut(n, most: max((n * rows.count + wanted - 1) / wanted, width), multiple: width)
        return (rows, columns)
    }
}
