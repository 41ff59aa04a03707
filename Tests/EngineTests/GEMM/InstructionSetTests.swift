import Testing

@testable import Engine

@Suite("Processor")
struct ProcessorTests {
    @Test("the first processor's fields are read")
    func fields() {
        let processor = Processor(
            cpuinfo: """
                processor\t: 0
                model name\t: Intel(R) Xeon(R) Platinum: 8481C
                flags\t\t: fpu avx2 fma avx512f avx512bw avx512dq avx512vl avx512cd
                power management:

                processor\t: 1
                model name\t: another
                flags\t\t: fpu

                """
        )
        #expect(processor.name == "Intel(R) Xeon(R) Platinum: 8481C")
        #expect(processor.hasAVX512)
        #expect(processor.hasAVX2)
        #expect(processor.features.count == 8)
    }

    @Test("an unknown text means no features", arguments: ["", "\n\n", "nonsense", "flags:"])
    func nothing(text: String) {
        let processor = Processor(cpuinfo: text)
        #expect(processor.name == "")
        #expect(processor.features.isEmpty)
        #expect(!processor.hasAVX512)
        #expect(!processor.hasAVX2)
    }
}
