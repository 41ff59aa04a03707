import CKernels

/// The vectors that the engine's own matrix kernels are written for.
package enum KernelLevel: String, Sendable, CaseIterable {
    /// 128 bits: what every processor has.
    case narrow = "128-bit"
    case avx2 = "AVX2"
    case avx512 = "AVX-512"

    var code: ck_gemm_level {
        switch self {
        case .narrow: CK_GEMM_NARROW
        case .avx2: CK_GEMM_AVX2
        case .avx512: CK_GEMM_AVX512
        }
    }

    /// Those that a processor can run, the best last.
    static func supported(by processor: Processor) -> [KernelLevel] {
        var levels = [KernelLevel.narrow]
        #if arch(x86_64)
            if processor.hasAVX2 { levels.append(.avx2) }
            if processor.hasAVX2, processor.hasAVX512 { levels.append(.avx512) }
        #endif
        return levels
    }
}
