import CKernels

/// Which elements a dropout operation keeps: a function of (seed, step, operation, index), recomputed where it is needed
/// instead of stored.
///
/// Each element is kept when its 16 random bits are below the keep probability, so that probability is a multiple of
/// 2⁻¹⁶, and kept elements are scaled by its exact inverse.
struct DropoutMask: Sendable {
    private let mask: ck_dropout_mask

    init(rate: Float, randomness: Tape.Randomness, operation: UInt32) {
        let threshold = UInt32(((1 - rate) * 65_536).rounded())
        mask = ck_dropout_mask(
            key0: UInt32(truncatingIfNeeded: randomness.seed),
            key1: UInt32(truncatingIfNeeded: randomness.seed >> 32),
            operation: operation,
            step: randomness.step,
            threshold: threshold,
            scale: 65_536 / Float(max(threshold, 1))
        )
    }

    /// The factor of kept elements.
    var scale: Float { mask.scale }

    /// Tiles that a row takes up.
    static func tiles(_ columns: Int) -> Int { (columns + CK_TILE - 1) / CK_TILE }

    /// Scales or drops the elements of some rows and columns of a matrix.
    ///
    /// - Parameters:
    ///   - source: the element of the first row and column; rows are `stride` apart, the matrix' number of columns.
    ///   - target: the same of the result.
    ///   - columns: start where a tile does.
    func apply(
        _ source: UnsafePointer<Float>,
        to target: UnsafeMutablePointer<Float>,
        rows: Range<Int>,
        columns: Range<Int>,
        stride: Int
    ) {
        precondition(columns.lowerBound % CK_TILE == 0, "column \(columns.lowerBound) is within a tile")
        let first = rows.lowerBound * Self.tiles(stride) + columns.lowerBound / CK_TILE
        withPointer {
            ck_dropout(
                source, target, rows.count, columns.count, stride, UInt64(first), Self.tiles(stride), $0)
        }
    }

    /// Calls `body` with the mask as the kernels want it.
    func withPointer(_ body: (UnsafePointer<ck_dropout_mask>) -> Void) { withUnsafePointer(to: mask, body) }
}
