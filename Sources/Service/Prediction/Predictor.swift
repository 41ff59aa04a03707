import Dispatch
import Emotion
import Engine
import Platform

/// Computes predictions, on queues of its own.
///
/// Decoding runs on as many threads as there are cores, computing on one queue: the engine spreads each batch over the
/// cores itself.
final class Predictor: Sendable {
    /// The most units of a batch: what bounds the memory of a computation.
    static let batchUnitLimit = 16_384

    /// What came of some clips.
    struct Outcome: Sendable {
        /// [B, K], row-major.
        let probabilities: [Float]
        /// Per clip, by modality, the score of each unit; empty unless asked for.
        let saliency: [[String: [Float]]]
        /// From the order to the start.
        let queued: Duration
        let computed: Duration
    }

    let cache: ModelCache
    private let documents = WorkQueue("limbic.predict.documents", isConcurrent: true, qos: .userInitiated)
    private let computing = WorkQueue("limbic.predict.compute", qos: .userInitiated)

    init(directory: DataDirectory, capacity: Int, clipUnitLimit: Int) {
        cache = ModelCache(directory: directory, capacity: capacity, clipUnitLimit: clipUnitLimit)
    }

    /// Runs work of a request that is neither short nor the engine's: reading and writing documents.
    func document<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await documents.run(body)
    }

    /// Predicts clips that the model's decoder has read. Where requests meet, so that they can be computed together.
    func predict(_ clips: [Clip], with loaded: LoadedModel, explaining: Bool) async throws -> Outcome {
        let ordered = ContinuousClock.now
        try Task.checkCancellation()
        return try await computing.run {
            let started = ContinuousClock.now
            let (probabilities, saliency) = try Self.compute(clips, with: loaded, explaining: explaining)
            return Outcome(
                probabilities: probabilities,
                saliency: saliency,
                queued: started - ordered,
                computed: ContinuousClock.now - started
            )
        }
    }

    private static func compute(
        _ clips: [Clip],
        with loaded: LoadedModel,
        explaining: Bool
    ) throws(MemoryError) -> ([Float], [[String: [Float]]]) {
        let labels = loaded.configuration.labels.count
        let lengths = clips.map { $0.modalities.values.reduce(0) { $0 + $1.length } }
        var result = [Float](repeating: 0, count: clips.count * labels)
        var saliency = [[String: [Float]]](repeating: [:], count: explaining ? clips.count : 0)
        for batch in batches(lengths) {
            let units = batch.map { lengths[$0] }
            let bytes = loaded.model.network.predictionBytes(units: units.reduce(0, +), longest: units.max() ?? 0)
            try Memory.require(bytes, for: "the prediction")
            let packed = Clips(collating: batch.map { clips[$0] }, modalities: loaded.configuration.modalities)
            let prediction = loaded.model.predict(packed, explaining: explaining)
            for (row, clip) in batch.enumerated() {
                for label in 0..<labels {
                    result[clip * labels + label] = prediction.probabilities[row * labels + label]
                }
                if explaining { saliency[clip] = prediction.saliency(ofClip: row) }
            }
        }
        return (result, saliency)
    }

    /// Cuts clips, given by their units, into batches within ``batchUnitLimit``, clips of similar length together.
    static func batches(_ lengths: [Int]) -> [[Int]] {
        var batches: [[Int]] = []
        var units = 0
        for clip in lengths.indices.sorted(by: { (lengths[$0], $0) < (lengths[$1], $1) }) {
            if batches.isEmpty || units + lengths[clip] > batchUnitLimit {
                batches.append([])
                units = 0
            }
            batches[batches.count - 1].append(clip)
            units += lengths[clip]
        }
        return batches
    }
}
