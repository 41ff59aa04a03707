import CKernels
import COpenBLAS
import Foundation

/// The vectors that the engine's own matrix kernels are written for.
package enum InstructionSet: String, Sendable, CaseIterable {
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
    static func best(_ precision: Precision) -> InstructionSet? { precision == .float32 ? bestFloat32 : bestBFloat16 }

    private static let bestFloat32 = supported(by: .current).last { $0.precision == .float32 }
    private static let bestBFloat16 = supported(by: .current).last { $0.precision == .bfloat16 }

    /// Those that a processor can run, of each precision the best last.
    static func supported(by processor: Processor) -> [InstructionSet] {
        var levels = [InstructionSet.narrow]
        #if arch(x86_64)
            if processor.hasAVX2 { levels.append(.avx2) }
            if processor.hasAVX2, processor.hasAVX512 { levels.append(.avx512) }
            if levels.last == .avx512, processor.hasBFloat16 { levels.append(.avx512BF16) }
        #endif
        return levels
    }
}

/// The shape of the kernels' tiles and panels.
extension InstructionSet {
    var tileRows: Int { ck_gemm_tile_rows(code) }
    var tileColumns: Int { ck_gemm_tile_columns(code) }

    /// The terms of a sum that are added at a time, so that a panel stays in the first-level cache.
    var depth: Int { ck_gemm_depth(code) }

    /// The 32-bit values that a depth takes up.
    func steps(_ depth: Int) -> Int { ck_gemm_steps(code, depth) }
}

/// What the processor of this machine can do, as far as the choice of vector kernels depends on it.
package struct Processor: Sendable, Hashable {
    /// The model name, empty where the system does not tell.
    package let name: String
    /// The instruction set extensions that processor and system both support, in the kernel's spelling: `avx512bw`.
    package let features: Set<String>

    /// The processor this process runs on.
    package static let current = Processor(
        cpuinfo: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    )

    /// Reads the first processor in the text of Linux's `/proc/cpuinfo`.
    init(cpuinfo: String) {
        var fields: [Substring: Substring] = [:]
        for line in cpuinfo.split(separator: "\n", omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":") else {
                // An empty line ends the first processor.
                if fields.isEmpty { continue } else { break }
            }
            let name = line[..<colon].trimmingSuffix(while: \.isWhitespace)
            fields[name] = line[line.index(after: colon)...].drop(while: \.isWhitespace)
        }
        name = String(fields["model name"] ?? "")
        features = Set((fields["flags"] ?? fields["Features"] ?? "").split(separator: " ").map(String.init))
    }

    /// The AVX-512 of Intel's servers since Skylake and AMD's since Zen 4.
    package var hasAVX512: Bool {
        features.isSuperset(of: ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"])
    }

    /// AVX-512's multiplication of bfloat16, of AMD's servers since Zen 4 and most of Intel's since Cooper Lake.
    package var hasBFloat16: Bool { features.contains("avx512_bf16") }

    /// AVX-512's multiplication of 8-bit numbers, of Intel's servers since Cascade Lake and AMD's since Zen 4.
    package var hasVNNI: Bool { features.contains("avx512_vnni") }

    /// Intel's tiles of bfloat16, since Sapphire Rapids.
    package var hasAMX: Bool { features.isSuperset(of: ["amx_tile", "amx_bf16"]) }

    package var hasAVX2: Bool {
        features.isSuperset(of: ["avx2", "fma"])
    }

    /// Waits for some 15 to 50 ns, leaving the core to its other hardware thread: what a loop that waits does each time.
    @inline(__always)
    static func pause() {
        processor_pause()
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var result = self
        while let last = result.last, predicate(last) { result.removeLast() }
        return result
    }
}
