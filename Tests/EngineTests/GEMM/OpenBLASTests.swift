import Foundation
import Testing

@testable import Engine

@Suite("OpenBLAS")
struct OpenBLASTests {
    private static let avx2: Set = ["avx2", "fma"]
    private static let avx512 = avx2.union(["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"])

    private func processor(_ features: Set<String>) -> Processor {
        Processor(cpuinfo: "flags : \(features.joined(separator: " "))")
    }

    @Test("the kernels of the best vectors are asked for")
    func core() {
        #expect(OpenBLAS.core(for: processor(Self.avx512)) == "SkylakeX")
        #expect(OpenBLAS.core(for: processor(Self.avx512.subtracting(["avx512vl"]))) == "Haswell")
        #expect(OpenBLAS.core(for: processor(Self.avx2)) == "Haswell")
        #expect(OpenBLAS.core(for: processor(["asimd"])) == nil)
    }

    @Test("the library on this machine tells what it is")
    func description() throws {
        try OpenBLAS.load()
        #expect(try OpenBLAS.description.hasPrefix("OpenBLAS "))
        // What the environment asks for goes before.
        let asked = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] ?? OpenBLAS.core(for: .current)
        #expect(try OpenBLAS.core == asked ?? OpenBLAS.core)
    }
}
