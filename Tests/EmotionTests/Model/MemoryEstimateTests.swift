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
        #expect(network.trainingBytes(short) == network.trainingBytes(long))
        #expect(network.predictionBytes(short) == network.predictionBytes(long))
        let whole = Network(.make())
        #expect(whole.trainingBytes(short) < whole.trainingBytes(long))
    }

    @Test("attention over one modality counts where there is no multi-modal encoder")
    func unimodalAttention() {
        let network = Network(.make { $0.multimodalEncoder = .none })
        let bytes = network.predictionBytes(Self.clips(1, audio: 4000))
        #expect(bytes > MultiHeadAttention.scratchBytes(rows: 4000))
    }

    @Test("attention is computed by as many threads as there are heads in all clips together")
    func threads() {
        let network = Network(.make { $0.heads = 1 })
        let threads = min(Parallel.threads, 4)
        let bytes = network.predictionBytes(Self.clips(4, audio: 1000))
        #expect(bytes > threads * MultiHeadAttention.scratchBytes(rows: 1000))
        #expect(bytes < (threads + 1) * MultiHeadAttention.scratchBytes(rows: 1001))
    }
}
