import CKernels

extension MatrixProduct {
    /// Rows of A that a thread packs at a time, to stay in its second-level cache.
    private static let blockRows = 192

    /// Columns of C up to which packing A costs more than it saves.
    private static let mostUnpackedColumns = 256

    /// The stride from which on the rows of a transposed A lie in too many pages to be read where they are.
    private static let mostUnpackedStride = 512

    /// Operations worth handing to another thread: some 25 µs of one core.
    private static let leastOperations = 2_000_000

    /// The product by the engine's own kernels: B is packed once, then each thread packs blocks of A's rows and computes
    /// tiles of C from them (Goto & van de Geijn 2008).
    ///
    /// An element's terms are added in the same order wherever it lies in C and however C is cut: a row of the result
    /// depends on nothing but that row of op(A).
    func computePacked(_ level: KernelLevel, isParallel: Bool) {
        let (rows, columns) = tiles(level, isParallel: isParallel)
        let count = rows.count * columns.count
        let b = self.b.packed ?? PackedMatrix(b, k: k, n: n, level: level, isParallel: count > 1)
        precondition(b.level == level, "packed for other kernels")
        Parallel.forEach(count) { tile($0 / columns.count, $0 % columns.count, rows, columns, b) }
    }

    private func tile(_ row: Int, _ column: Int, _ rows: Cut, _ columns: Cut, _ b: PackedMatrix) {
        let (rows, columns, lanes, level) = (rows[row], columns[column], b.level.tileRows, b.level.code)
        let isPacked =
            columns.count > Self.mostUnpackedColumns || (a.isTransposed && a.stride > Self.mostUnpackedStride)
        let block = Storage(count: isPacked ? (rows.count + lanes - 1) / lanes * lanes * b.depths[0].count : 0)
        for index in 0..<b.depths.count {
            let depth = b.depths[index]
            let a = a.from(row: rows.lowerBound, column: depth.lowerBound)
            let c = c + rows.lowerBound * stride + columns.lowerBound
            let panels = b.panel(depth, columns.lowerBound)
            let adds: Int32 = adds || index > 0 ? 1 : 0
            if isPacked {
                a.pack(rows: rows.count, depth: depth.count, lanes: lanes, to: block.pointer)
                ck_gemm_block(
                    level, block.pointer, panels, rows.count, columns.count, depth.count, c, stride, adds)
            } else {
                ck_gemm_block_unpacked(
                    level, a.pointer, a.stride, a.isTransposed ? 1 : 0, panels, rows.count, columns.count, depth.count,
                    c, stride, adds)
            }
        }
    }

    /// The parts of C that threads work on: some more than threads, so that they end together.
    ///
    /// Rows are cut first, as each part of the columns packs its rows of A again; but parts of less than four tiles
    /// would wait for B.
    private func tiles(_ level: KernelLevel, isParallel: Bool) -> (rows: Cut, columns: Cut) {
        let (height, width) = (level.tileRows, level.tileColumns)
        let wanted = isParallel ? max(1, min(4 * Parallel.threads, operations / Self.leastOperations)) : 1
        let most = min(max((m + wanted - 1) / wanted, 4 * height), Self.blockRows / height * height)
        let rows = Cut(m, most: most, multiple: height)
        let columns = Cut(n, most: max((n * rows.count + wanted - 1) / wanted, width), multiple: width)
        return (rows, columns)
    }
}
