import Testing

@testable import Engine

@Suite("OpenBLAS")
struct OpenBLASTests {
    private static let avx2: Set = ["avx2", "fma"]
    private static let avx512 = avx2.union(["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"])

    private func processor(_ features: Set<String>) -> Processor {
        Processor(cpuinfo: "flags : \(features.joined(separator: " "))")
    }

    @Test(
        "an outdated choice of kernels is corrected",
        arguments: [("Haswell", "SkylakeX"), ("Zen", "SkylakeX"), ("Prescott", "SkylakeX")]
    )
    func avx512(core: String, better: String) {
        #expect(OpenBLAS.betterCore(than: core, for: processor(OpenBLASTests.avx512)) == better)
    }

    @Test("kernels with AVX-512 are left alone", arguments: ["SkylakeX", "Cooperlake", "SapphireRapids"])
    func right(core: String) {
        #expect(OpenBLAS.betterCore(than: core, for: processor(OpenBLASTests.avx512)) == nil)
    }

    @Test("without all of AVX-512, AVX2 is enough")
    func avx2() {
        let partial = processor(OpenBLASTests.avx512.subtracting(["avx512vl"]))
        for processor in [partial, processor(OpenBLASTests.avx2)] {
            #expect(OpenBLAS.betterCore(than: "Haswell", for: processor) == nil)
            #expect(OpenBLAS.betterCore(than: "Zen", for: processor) == nil)
            #expect(OpenBLAS.betterCore(than: "Prescott", for: processor) == "Haswell")
        }
        #expect(OpenBLAS.betterCore(than: "Prescott", for: processor([])) == nil)
        #expect(OpenBLAS.betterCore(than: "NEOVERSEN1", for: processor(["asimd"])) == nil)
    }

    @Test("the library on this machine tells what it is")
    func description() throws {
        try OpenBLAS.load()
        #expect(try OpenBLAS.description.hasPrefix("OpenBLAS "))
        #expect(try !OpenBLAS.core.isEmpty)
        #expect(try OpenBLAS.betterCore(than: OpenBLAS.core, for: .current) == nil)
    }
}
