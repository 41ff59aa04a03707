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

    /// Tiles that `count` elements take up; the next use of the same mask starts after them.
    static func tiles(_ count: Int) -> Int { (count + CK_TILE - 1) / CK_TILE }

    /// target[i] = source[i] scaled or dropped, for elements whose first one starts tile `firstTile`.
    func apply(
        _ source: UnsafePointer<Float>,
        to target: UnsafeMutablePointer<Float>,
        count: Int,
        firstTile: Int
    ) {
        withPointer { ck_dropout(source, target, count, UInt64(firstTile), $0) }
    }

    /// Calls `body` with the mask as the kernels want it.
    func withPointer(_ body: (UnsafePointer<ck_dropout_mask>) -> Void) { withUnsafePointer(to: mask, body) }
}
