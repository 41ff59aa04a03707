import CKernels

/// op(B) [k, n] of a product, laid out for the engine's own kernels: panels as wide as a tile of C, cut along k so that a
/// panel stays in the first-level cache.
struct PackedMatrix: Sendable {
    let level: KernelLevel
    let k: Int
    let n: Int
    /// How the terms of an element of C are added, some at a time.
    let depths: Cut
    private let width: Int
    private let panels: Tensor

    init(_ b: MatrixProduct.Operand, k: Int, n: Int, level: KernelLevel, isParallel: Bool) {
        (self.level, self.k, self.n) = (level, k, n)
        let columns = level.tileColumns
        depths = Cut(k, most: CK_GEMM_DEPTH)
        width = (n + columns - 1) / columns * columns
        panels = Tensor(uninitialized: [k * width])
        let shares = Cut(n, most: isParallel ? max(columns, 65_536 / k) : n, multiple: columns)
        Parallel.forEach(shares.count) { part in
            let share = shares[part]
            for index in 0..<depths.count {
                let depth = depths[index]
                b.from(row: depth.lowerBound, column: share.lowerBound).pack(
                    columns: share.count, depth: depth.count, lanes: columns, to: panel(depth, share.lowerBound))
            }
        }
    }

    /// The panels from a column on, a multiple of a tile's width, for some terms.
    func panel(_ depth: Range<Int>, _ column: Int) -> UnsafeMutablePointer<Float> {
        panels.pointer + width * depth.lowerBound + column * depth.count
    }
}

extension KernelLevel {
    var tileRows: Int { ck_gemm_tile_rows(code) }
    var tileColumns: Int { ck_gemm_tile_columns(code) }
}

extension MatrixProduct.Operand {
    /// The same operand laid out for several products as their B, if the provider of this process has use for that.
    func packed(k: Int, n: Int) -> MatrixProduct.Operand {
        guard packed == nil, k > 0, n > 0, case .builtIn(let level) = MatrixProvider.current else { return self }
        let matrix = PackedMatrix(self, k: k, n: n, level: level, isParallel: true)
        return MatrixProduct.Operand(pointer, stride: stride, transposed: isTransposed, packed: matrix)
    }

    /// Packs the first rows of op(A) into panels of `lanes` rows.
    func pack(rows: Int, depth: Int, lanes: Int, to panels: UnsafeMutablePointer<Float>) {
        ck_gemm_pack(pointer, stride, isTransposed ? 0 : 1, lanes, rows, depth, panels)
    }

    /// Packs the first columns of op(B) into panels of `lanes` columns.
    func pack(columns: Int, depth: Int, lanes: Int, to panels: UnsafeMutablePointer<Float>) {
        ck_gemm_pack(pointer, stride, isTransposed ? 1 : 0, lanes, columns, depth, panels)
    }
}
