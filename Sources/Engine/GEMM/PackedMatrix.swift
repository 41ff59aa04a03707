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

    init(_ b: MatrixProduct.Operand, k: Int, n: Int, level: KernelLevel) {
        (self.level, self.k, self.n) = (level, k, n)
        let columns = level.tileColumns
        // Values are not shared by two parts.
        depths = Cut(k, most: level.depth, multiple: level.depth / level.steps(level.depth))
        width = (n + columns - 1) / columns * columns
        panels = Tensor(uninitialized: [level.steps(k) * width])
        let shares = Cut(n, most: max(columns, 65_536 / k), multiple: columns)
        Parallel.forEach(shares.count) { part in
            let share = shares[part]
            for index in 0..<depths.count {
                let depth = depths[index]
                let b = b.from(row: depth.lowerBound, column: share.lowerBound)
                ck_gemm_pack(
                    level.code, b.pointer, b.stride, b.isTransposed ? 1 : 0, columns, share.count, depth.count,
                    panel(depth, share.lowerBound))
            }
        }
    }

    /// The panels from a column on, a multiple of a tile's width, for some terms.
    func panel(_ depth: Range<Int>, _ column: Int) -> UnsafeMutablePointer<Float> {
        panels.pointer + width * level.steps(depth.lowerBound) + column * level.steps(depth.count)
    }
}

extension MatrixProduct.Operand {
    /// The same operand laid out for several products as their B, if what computes products has use for that.
    func packed(k: Int, n: Int, precision: Precision) -> MatrixProduct.Operand {
        guard packed == nil, k > 0, n > 0, case .builtIn(let level) = MatrixProvider.of(precision) else { return self }
        let matrix = PackedMatrix(self, k: k, n: n, level: level)
        return MatrixProduct.Operand(pointer, stride: stride, transposed: isTransposed, packed: matrix)
    }
}
