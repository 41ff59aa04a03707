import CKernels

/// The vectors that the engine's own matrix kernels are written for.
package enum KernelLevel: String, Sendable, CaseIterable {
    /// 128 bits: what every processor has.
    case narrow = "128-bit"
    case avx2 = "AVX2"
    case avx512 = "AVX-512"
    /// Multiplies in bfloat16; the others in float32.
    case avx512BF16 = "AVX512-BF16"

    var code: ck_gemm_level {
        switch self {
        case .narrow: CK_GEMM_NARROW
        case .avx2: CK_GEMM_AVX2
        case .avx512: CK_GEMM_AVX512
        case .avx512BF16: CK_GEMM_AVX512_BF16
        }
    }

    var precision: Precision { self == .avx512BF16 ? .bfloat16 : .float32 }

    /// The best of a precision on this processor; nil where it has none.
    static func best(_ precision: Precision) -> KernelLevel? { precision == .float32 ? bestFloat32 : bestBFloat16 }

    private static let bestFloat32 = supported(by: .current).last { $0.precision == .float32 }
    private static let bestBFloat16 = supported(by: .current).last { $0.precision == .bfloat16 }

    /// Those that a processor can run, of each precision the best last.
    static func supported(by processor: Processor) -> [KernelLevel] {
        var levels = [KernelLevel.narrow]
        #if arch(x86_64)
            if processor.hasAVX2 { levels.append(.avx2) }
            if processor.hasAVX2, processor.hasAVX512 { levels.append(.avx512) }
            if levels.last == .avx512, processor.hasBFloat16 { levels.append(.avx512BF16) }
        #endif
        return levels
    }
}

/// The shape of the kernels' tiles and panels.
extension KernelLevel {
    var tileRows: Int { ck_gemm_tile_rows(code) }
    var tileColumns: Int { ck_gemm_tile_columns(code) }

    /// The terms of a sum that are added at a time, so that a panel stays in the first-level cache.
    var depth: Int { ck_gemm_depth(code) }

    /// The 32-bit values that a depth takes up.
    func steps(_ depth: Int) -> Int { ck_gemm_steps(code, depth) }
}
