import Engine
import TestSupport
import Testing

@testable import Emotion

@Suite("Memory estimates")
struct MemoryEstimateTests {
    /// Clips of the same number of units of audio, and one of text each.
    private static func clips(_ count: Int, audio: Int) -> Clips {
        .make(lengths: Array(repeating: [1, audio], count: count))
    }

    @Test("modalities that a model does without take no memory")
    func droppedModalities() {
        let network = Network(.make { $0.dropModalities = ["audio"] })
        let (short, long) = (Self.clips(4, audio: 1), Self.clips(4, audio: 500))
        #expect(network.trainingBytes(short, threads: 2) == network.trainingBytes(long, threads: 2))
        #expect(network.predictionBytes(short, threads: 2) == network.predictionBytes(long, threads: 2))
        let whole = Network(.make())
        #expect(whole.trainingBytes(short, threads: 2) < whole.trainingBytes(long, threads: 2))
    }

    @Test("attention over one modality counts where there is no multi-modal encoder")
    func unimodalAttention() {
        let network = Network(.make { $0.multimodalEncoder = .none })
        let bytes = network.predictionBytes(Self.clips(1, audio: 4000), threads: 2)
        #expect(bytes > 2 * MultiHeadAttention.scratchBytes(rows: 4000))
    }

    @Test("attention is computed by as many threads as there are heads in all clips together", arguments: [1, 3, 8])
    func threads(threads: Int) {
        let network = Network(.make { $0.heads = 1 })
        let bytes = network.predictionBytes(Self.clips(4, audio: 1000), threads: threads)
        let computing = min(threads, 4)
        #expect(bytes > computing * MultiHeadAttention.scratchBytes(rows: 1001))
        #expect(bytes < (computing + 1) * MultiHeadAttention.scratchBytes(rows: 1001))
    }
}
