import CKernels

extension MatrixProduct {
    /// Rows of A that a thread copies at a time, to stay in its second-level cache.
    private static let blockRows = 192

    /// Columns of C up to which copying A costs more than it saves.
    private static let mostUnpackedColumns = 256

    /// Rows of C up to which that is so whatever its columns.
    private static let mostUnpackedRows = 14

    /// The largest stride of a transposed A whose rows lie in few enough pages to be read where they are.
    private static let mostUnpackedStride = 512

    /// Operations worth handing to another thread: some 25 µs of one core.
    private static let leastOperations = 2_000_000

    /// The same where a thread is waiting for them.
    private static let leastShortOperations = 250_000

    /// The product by the engine's own kernels: B is packed once, then each thread copies its rows of A, or reads them
    /// where they lie, and computes tiles of C (Goto & van de Geijn 2008).
    ///
    /// An element's terms are added in the same order wherever it lies in C and however C is cut: a row of the result
    /// depends on nothing but that row of op(A).
    func computeBuiltIn(_ level: InstructionSet, hasMask: Bool, _ epilogue: Epilogue?) {
        let isShort = operations < 2 * Self.leastOperations
        let tiles = tiles(level, isShort: isShort, columnMultiple: hasMask ? Int(CK_TILE) : 1)
        let b = self.b.packed ?? PackedMatrix(b, k: k, n: n, level: level)
        precondition(b.level == level, "packed for another product")
        Parallel.forEach(tiles.count, isShort: isShort) {
            let (rows, columns) = tiles[$0]
            computeTile(rows, columns, b)
            epilogue?(rows, columns)
        }
    }

    private func computeTile(_ rows: Range<Int>, _ columns: Range<Int>, _ b: PackedMatrix) {
        let level = b.level
        let isCopied =
            rows.count > Self.mostUnpackedRows && columns.count > Self.mostUnpackedColumns
            || (a.isTransposed && a.stride > Self.mostUnpackedStride)
        let copiedRows = (rows.count + level.tileRows - 1) / level.tileRows * level.tileRows
        let copy = isCopied ? Storage(count: copiedRows * level.steps(b.depths[0].count)) : nil
        for index in 0..<b.depths.count {
            let depth = b.depths[index]
            let from = a.pointer(row: rows.lowerBound, column: depth.lowerBound)
            let isTransposed: Int32 = a.isTransposed ? 1 : 0
            let to = c.pointer(row: rows.lowerBound, column: columns.lowerBound)
            let panels = b.panel(depth, columns.lowerBound)
            let accumulate: Int32 = accumulates || index > 0 ? 1 : 0
            if let copy {
                ck_gemm_block(
                    level.code, from, a.stride, isTransposed, panels, rows.count, columns.count, depth.count,
                    to, c.stride, accumulate, copy.pointer)
            } else {
                ck_gemm_block_unpacked(
                    level.code, from, a.stride, isTransposed, panels, rows.count, columns.count, depth.count,
                    to, c.stride, accumulate)
            }
        }
    }

    /// The parts of C that threads work on: some more than threads, so that they end together.
    ///
    /// Rows are cut first, as each part of the columns copies its rows of A again; but parts of less than four tiles
    /// would wait for B.
    private func tiles(_ level: InstructionSet, isShort: Bool, columnMultiple: Int) -> Tiles {
        let (height, width) = (level.tileRows, max(level.tileColumns, columnMultiple))
        let least = isShort ? Self.leastShortOperations : Self.leastOperations
        let isCut = isShort ? Parallel.hasIdleThread : Parallel.threads > 1
        let wanted = isCut ? max(1, min((isShort ? 2 : 4) * Parallel.threads, operations / least)) : 1
        if wanted == 1, m <= Self.blockRows / height * height {
            return Tiles(rows: Chunks(m, parts: 1), columns: Chunks(n, parts: 1))
        }
        let most = min(max((m + wanted - 1) / wanted, 4 * height), Self.blockRows / height * height)
        let rows = Chunks(m, most: most, multiple: height)
        let columns = Chunks(n, most: max((n * rows.count + wanted - 1) / wanted, width), multiple: width)
        return Tiles(rows: rows, columns: columns)
    }
}

/// op(B) [k, n] of a product, laid out for the engine's own kernels: panels as wide as a tile of C, cut along k so that a
/// panel stays in the first-level cache.
final class PackedMatrix: Sendable {
    let level: InstructionSet
    let k: Int
    let n: Int
    /// How the terms of an element of C are added, some at a time.
    let depths: Chunks
    private let width: Int
    let panels: Storage

    init(_ b: MatrixProduct.Operand, k: Int, n: Int, level: InstructionSet) {
        (self.level, self.k, self.n) = (level, k, n)
        let columns = level.tileColumns
        // Values are not shared by two parts.
        depths = Chunks(k, most: level.depth, multiple: level.depth / level.steps(level.depth))
        width = Self.width(n, level)
        panels = Storage(count: level.steps(k) * width)
        let shares = Chunks(n, most: max(columns, 65_536 / k), multiple: columns)
        Parallel.forEach(shares.count) { part in
            let share = shares[part]
            for index in 0..<depths.count {
                let depth = depths[index]
                ck_gemm_pack(
                    level.code, b.pointer(row: depth.lowerBound, column: share.lowerBound), b.stride,
                    b.isTransposed ? 1 : 0, columns, share.count, depth.count,
                    panel(depth, share.lowerBound))
            }
        }
    }

    /// The bytes that a matrix takes.
    static func bytes(k: Int, n: Int, level: InstructionSet) -> Int { 4 * level.steps(k) * width(n, level) }

    /// The columns of whole tiles.
    private static func width(_ n: Int, _ level: InstructionSet) -> Int {
        (n + level.tileColumns - 1) / level.tileColumns * level.tileColumns
    }

    /// The panels from a column on, a multiple of a tile's width, for some terms.
    func panel(_ depth: Range<Int>, _ column: Int) -> UnsafeMutablePointer<Float> {
        panels.pointer + width * level.steps(depth.lowerBound) + column * level.steps(depth.count)
    }
}

extension MatrixProduct.Operand {
    /// The same operand laid out for several products as their B, if what computes products has use for that.
    func packed(k: Int, n: Int, precision: Precision) -> MatrixProduct.Operand {
        guard packed == nil, k > 0, n > 0, case .builtIn(let level) = GEMMBackend.of(precision) else { return self }
        return MatrixProduct.Operand(PackedMatrix(self, k: k, n: n, level: level))
    }
}
