import Dispatch
import Emotion
import Engine
import HTTP
import Synchronization

/// Computes predictions, on queues of its own.
///
/// A request takes two steps: it is read on as many threads as there are cores; it is computed, and its answer written, on
/// one queue, since the engine spreads each batch over the cores itself.
final class Predictor: Sendable {
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
    private let reading = DispatchQueue(label: "limbic.predict.read", qos: .userInitiated, attributes: .concurrent)
    private let computing = DispatchQueue(label: "limbic.predict.compute", qos: .userInitiated)
    /// Requests under way.
    private let active = Atomic(0)

    /// A longer document is not read on the queue that computes.
    private static let smallDocument = 64 << 10

    init(directory: DataDirectory, limits: ModelCache.Limits) {
        cache = ModelCache(directory: directory, limits: limits)
    }

    /// Answers a request for predictions.
    ///
    /// - Parameter body: the document of the request.
    func predict(_ body: RequestBody, with version: ModelVersion, for responder: Responder) {
        let others = active.wrappingAdd(1, ordering: .relaxed).oldValue
        // Where nothing else is to be computed, one queue does it all: to change queues takes longer than to read little.
        let isDirect = others == 0 && !body.isEncoded && body.encodedBytes.count <= Self.smallDocument
        cache.withModel(version, on: isDirect ? computing : reading) { [self] loaded in
            do {
                let loaded = try loaded.get()
                if isDirect { Parallel.wakeHelpers() }
                let request = try PredictRequest(body.bytes, for: loaded)
                let clips = request.clips.compactMap { try? $0.get() }
                let ordered = ContinuousClock.now
                let compute: @Sendable () -> Void = { [self] in
                    finish(responder) {
                        // Nobody waits for what a client that has gone away asked for.
                        guard !responder.isCancelled else { throw CancellationError() }
                        return try Self.answer(request, clips, with: loaded, ordered: ordered)
                    }
                }
                if isDirect { compute() } else { computing.async(execute: compute) }
            } catch {
                finish(responder) { throw error }
            }
        }
    }

    private func finish(_ responder: Responder, _ answer: () throws -> Response) {
        let answer = Result(catching: answer)
        active.wrappingSubtract(1, ordering: .relaxed)
        responder.respond(answer)
    }

    private static func answer(
        _ request: PredictRequest,
        _ clips: [Clip],
        with loaded: LoadedModel,
        ordered: ContinuousClock.Instant
    ) throws -> Response {
        let started = ContinuousClock.now
        let (probabilities, saliency) = try compute(clips, with: loaded, explaining: request.explain)
        let outcome = Outcome(
            probabilities: probabilities,
            saliency: saliency,
            queued: started - ordered,
            computed: ContinuousClock.now - started
        )
        return try PredictResponse(request, outcome, by: loaded).response()
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
        let sampler = BatchSampler(lengths: lengths, batchSize: max(clips.count, 1), seed: 0)
        for batch in sampler.orderedBatches(unitLimit: Model.batchUnitLimit) {
            let packed = Clips(collating: batch.map { clips[$0] }, modalities: loaded.configuration.modalities)
            try Memory.require(loaded.model.network.predictionBytes(packed), for: "the prediction")
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
}
