import CKernels

extension MatrixProduct {
    /// Rows of A that a thread packs at a time, to stay in its second-level cache.
    private static let blockRows = 192

    /// Operations worth handing to another thread: some 25 µs of one core.
    private static let leastOperations = 2_000_000

    /// The product by the engine's own kernels: B is packed once, then each thread packs blocks of A's rows and computes
    /// tiles of C from them (Goto & van de Geijn 2008).
    ///
    /// An element's terms are added in the same order wherever it lies in C and however C is cut: a row of the result
    /// depends on nothing but that row of op(A).
    func computePacked(_ level: KernelLevel, isParallel: Bool) {
        let tiles = tiles(level, isParallel: isParallel)
        let b = self.b.packed ?? PackedMatrix(b, k: k, n: n, level: level, isParallel: tiles.count > 1)
        precondition(b.level == level, "packed for other kernels")
        let lanes = level.tileRows
        Parallel.forEach(tiles.count) { index in
            let (rows, columns) = tiles[index]
            let block = Tensor(uninitialized: [(rows.count + lanes - 1) / lanes * lanes * b.depths[0].count])
            for depth in b.depths {
                a.from(row: rows.lowerBound, column: depth.lowerBound).pack(
                    rows: rows.count, depth: depth.count, lanes: lanes, to: block.pointer)
                ck_gemm_block(
                    level.code, block.pointer, b.panel(depth, columns.lowerBound), rows.count, columns.count,
                    depth.count, c + rows.lowerBound * stride + columns.lowerBound, stride,
                    adds || depth.lowerBound > 0 ? 1 : 0)
            }
        }
    }

    /// The parts of C that threads work on: some more than threads, so that they end together.
    ///
    /// Rows are cut first, as each part of the columns packs its rows of A again; but parts of less than four tiles
    /// would wait for B.
    private func tiles(_ level: KernelLevel, isParallel: Bool) -> [(rows: Range<Int>, columns: Range<Int>)] {
        let (height, width) = (level.tileRows, level.tileColumns)
        let wanted = isParallel ? max(1, min(4 * Parallel.threads, operations / Self.leastOperations)) : 1
        let most = min(max(Self.share(of: m, wanted), 4 * height), Self.blockRows / height * height)
        let rows = Self.parts(of: m, most: most, multiple: height)
        let columns = Self.parts(of: n, most: max(Self.share(of: n, wanted, rows.count), width), multiple: width)
        return rows.flatMap { rows in columns.map { (rows, $0) } }
    }

    /// length · taken / wanted, rounded up.
    private static func share(of length: Int, _ wanted: Int, _ taken: Int = 1) -> Int {
        (length * taken + wanted - 1) / wanted
    }

    /// Cuts 0 ..< length into as few parts as hold about `most`, all of about the same length.
    static func parts(of length: Int, most: Int, multiple: Int = 1) -> [Range<Int>] {
        let count = (length + most - 1) / most
        let part = ((length + count - 1) / count + multiple - 1) / multiple * multiple
        return (0..<count).map { min(length, $0 * part)..<min(length, ($0 + 1) * part) }.filter { !$0.isEmpty }
    }
}
