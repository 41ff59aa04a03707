import CKernels

/// An operand of a product rounded to bfloat16, laid out as it was but without gaps between the rows.
struct BFloat16Matrix {
    let stride: Int
    let isTransposed: Bool
    private let values: Tensor
    private let offset: Int

    /// Rounds op(X) of the given shape.
    init(_ x: MatrixProduct.Operand, rows: Int, columns: Int) {
        isTransposed = x.isTransposed
        stride = x.isTransposed ? rows : columns
        offset = 0
        let count = x.isTransposed ? columns : rows
        let values = Tensor(uninitialized: [(count * stride + 1) / 2])
        self.values = values
        let target = Self.pointer(values)
        Cut(rows: count, columns: stride).forEach { [stride] part in
            for row in part { ck_round_bfloat16(x.pointer + row * x.stride, target + row * stride, stride) }
        }
    }

    private init(_ whole: BFloat16Matrix, offset: Int) {
        (stride, isTransposed, values) = (whole.stride, whole.isTransposed, whole.values)
        self.offset = offset
    }

    var pointer: UnsafePointer<UInt16> { UnsafePointer(Self.pointer(values)) + offset }

    /// From the given row and column of op(X) on.
    func from(row: Int, column: Int) -> BFloat16Matrix {
        BFloat16Matrix(self, offset: offset + (isTransposed ? column * stride + row : row * stride + column))
    }

    private static func pointer(_ values: Tensor) -> UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(values.pointer).assumingMemoryBound(to: UInt16.self)
    }
}
