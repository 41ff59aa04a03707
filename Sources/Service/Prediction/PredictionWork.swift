import Emotion
import HTTP
import HTTPTypes

/// The clips of one request on their way through the engine.
///
/// `@unchecked Sendable`: once it waits, what is computed is touched by the queue that computes only.
final class PredictionWork: BatchedWork, @unchecked Sendable {
    /// What was computed of the clips.
    struct Outcome {
        /// [B, K], row-major.
        var probabilities: [Float]
        /// Per clip, by modality, the score of each unit; empty unless asked for.
        var saliency: [[String: [Float]]] = []
        /// From when they were read to the start of the first batch.
        var queued = Duration.zero
        /// In all batches.
        var computed = Duration.zero
        /// Clips of the largest batch, those of other requests included.
        var batchSize = 0
    }

    struct Group: Equatable {
        let model: ObjectIdentifier
        let explains: Bool
    }

    let loaded: LoadedModel
    let units: [Int]
    private let pending: PendingPrediction
    private let request: PredictRequest
    /// Those that could be read, in their order.
    private let clips: [Clip]
    private let made = ContinuousClock.now
    private let decoded: Duration
    private let counters: PredictionCounters
    private var outcome: Outcome
    private var left: Int

    /// - Parameter decoded: how long it took to read the request.
    init(
        _ request: PredictRequest, by loaded: LoadedModel, for pending: PendingPrediction, decoded: Duration,
        counters: PredictionCounters
    ) {
        self.decoded = decoded
        self.counters = counters
        self.request = request
        self.loaded = loaded
        self.pending = pending
        clips = request.clips.compactMap { try? $0.get() }
        units = clips.map { $0.modalities.values.reduce(0) { $0 + $1.length } }
        left = clips.count
        outcome = Outcome(
            probabilities: [Float](repeating: 0, count: clips.count * loaded.configuration.labels.count),
            saliency: [[String: [Float]]](repeating: [:], count: request.options.explain ? clips.count : 0))
    }

    var group: Group { Group(model: ObjectIdentifier(loaded), explains: request.options.explain) }
    var urgency: Int { request.urgency ?? pending.urgency }
    func isWanted(after wait: Duration) -> Bool { pending.isWanted(after: wait) }
    var mayBeUnwanted: Bool { pending.mayBeUnwanted }
    func time(forUnits units: Int) -> Duration { loaded.pace.time(forUnits: units) }

    func clips(_ range: Range<Int>) -> ArraySlice<Clip> { clips[range] }

    /// Takes over the predictions of some clips, and answers when there are all.
    ///
    /// - Parameter row: of the first of them in the batch.
    func take(
        _ prediction: Model.Prediction, row: Int, of clips: Range<Int>, batchSize: Int,
        started: ContinuousClock.Instant,
        computed: Duration
    ) {
        let labels = loaded.configuration.labels.count
        if left == self.clips.count { outcome.queued = started - made }
        outcome.computed += computed
        outcome.batchSize = max(outcome.batchSize, batchSize)
        outcome.probabilities.replaceSubrange(
            clips.lowerBound * labels..<clips.upperBound * labels,
            with: prediction.probabilities[row * labels..<(row + clips.count) * labels])
        if request.options.explain {
            for (offset, clip) in clips.enumerated() {
                outcome.saliency[clip] = prediction.saliency(ofClip: row + offset)
            }
        }
        left -= clips.count
        if left == 0 { answer() }
    }

    /// Answers with what there is.
    func answer() {
        pending.answer {
            let started = ContinuousClock.now
            var response = try request.answer.response(Predictions(request, outcome, by: loaded))
            let times = PredictionCounters.Times(
                decode: decoded, queue: outcome.queued, compute: outcome.computed, encode: .now - started)
            counters.count(times)
            response.fields[.serverTiming] = times.serverTiming
            return response
        }
    }

    func fail(_ error: any Error) { pending.answer { throw error } }

    func giveUp() { pending.giveUp() }
}
