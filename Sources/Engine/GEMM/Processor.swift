import COpenBLAS
import Foundation

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
