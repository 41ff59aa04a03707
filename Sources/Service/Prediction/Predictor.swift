import Dispatch
import Emotion
import Engine
import HTTP
import HTTPTypes
import Platform
import Synchronization

/// Computes predictions, on queues of its own.
///
/// A request takes two steps: it is read on as many threads as there are cores; its clips are computed, in batches with
/// those of other requests, and its answer written, on one queue, since the engine spreads each batch over the cores itself.
final class Predictor: Sendable {
    /// What is to be done at a moment.
    struct Load {
        /// Requests that are not answered.
        let requests: Int
        /// Requests of which something is held.
        let held: Int
        /// Those that wait to be computed.
        let waiting: Int
        /// The units that wait, over all modalities.
        let units: Int
    }

    let cache: ModelCache
    let counters = PredictionCounters()
    private let reading = DispatchQueue(label: "limbic.predict.read", qos: .userInitiated, attributes: .concurrent)
    private let computing = DispatchQueue(label: "limbic.predict.compute", qos: .userInitiated)
    private let deadlines = Deadlines()
    private let waiting = Mutex(BatchQueue<PredictionWork>(unitLimit: batchUnits))
    /// When the batch that is being computed should be done.
    private let busyUntil = Mutex(ContinuousClock.now)
    /// Requests that are not answered.
    private let active = Atomic(0)
    /// Requests of which something is held: those, and what was answered in time and is still to be let go.
    private let held = Atomic(0)
    /// The most of them.
    private let limit: Int

    /// A longer document is not read on the queue that computes.
    private static let smallDocument = 64 << 10
    /// The most units of a batch, over all modalities: more make the products of the engine no faster, and those who come
    /// meanwhile wait longer.
    private static let batchUnits = 1024

    /// - Parameters:
    ///   - precision: of all predictions; nil for that of each model's training.
    ///   - limit: requests that may be under way.
    init(directory: DataDirectory, precision: PredictionPrecision?, limits: ModelCache.Limits, limit: Int) {
        cache = ModelCache(directory: directory, precision: precision, limits: limits)
        self.limit = limit
    }

    var load: Load {
        let waiting = waiting.withLock { (requests: $0.count, units: $0.units) }
        return Load(
            requests: active.load(ordering: .relaxed), held: held.load(ordering: .relaxed), waiting: waiting.requests,
            units: waiting.units)
    }

    /// Refuses a request, of which the body need not have come, when there is no room for it, or when it would wait longer for
    /// the engine than its client does.
    ///
    /// - Throws: ``Problem`` with 429.
    func admit(timeout: Duration?, urgency: Int) throws(Problem) {
        guard held.load(ordering: .relaxed) < limit else { throw Self.overloaded(wait: delay(of: 7)) }
        guard let timeout else { return }
        let wait = delay(of: urgency)
        guard wait < timeout else { throw Self.overloaded(wait: wait) }
    }

    /// How long a request that comes now will wait, by what such work took lately: for what the engine is at, for what waits
    /// and comes before, and, where more than a batch waits, for the others of the batch that takes it. Nothing where the engine
    /// is free: what is known of it may be old.
    private func delay(of urgency: Int) -> Duration {
        let (units, time) = waiting.withLock { queue in
            queue.reduceUnits(upTo: urgency, (units: 0, time: Duration.zero)) { sum, work, units in
                (sum.units + units, sum.time + work.time(forUnits: units))
            }
        }
        let batch = units > Self.batchUnits ? time * (Double(Self.batchUnits) / Double(units)) : .zero
        let wait = max(.zero, busyUntil.withLock { $0 } - .now) + time + batch
        // The engine may be slower from now on, by a quarter at most times.
        return wait * 1.25
    }

    /// Answers a request for predictions.
    ///
    /// - Parameters:
    ///   - form: how the body is read.
    ///   - timeout: how long the client waits; nil for as long as it takes.
    ///   - urgency: from 0, the first, to 7.
    func predict(
        _ body: RequestBody, as form: any PredictionForm, with version: ModelVersion, timeout: Duration?, urgency: Int,
        for responder: Responder
    ) {
        let came = ContinuousClock.now
        let others = active.wrappingAdd(1, ordering: .relaxed).oldValue
        let holds = held.wrappingAdd(1, ordering: .relaxed).oldValue
        let pending = PendingPrediction(
            urgency: urgency, deadline: timeout.map { came + $0 }, responder: responder
        ) { [self] in
            active.wrappingSubtract(1, ordering: .relaxed)
            if $0.hasDeadline { deadlines.forget($0) }
        } onRelease: { [self] in
            held.wrappingSubtract(1, ordering: .relaxed)
        }
        guard holds < limit else { return pending.answer { throw Self.overloaded(wait: self.delay(of: 7)) } }
        if timeout != nil { deadlines.watch(pending) }
        // Where nothing else is to be computed, one queue does it all: to change queues takes longer than to read little.
        let isDirect = others == 0 && !body.isEncoded && body.encodedBytes.count <= Self.smallDocument
        cache.withModel(version, on: isDirect ? computing : reading) { [self] loaded in
            guard pending.isWanted() else { return pending.giveUp() }
            do {
                let loaded = try loaded.get()
                if isDirect { Parallel.wakeHelpers() }
                let began = ContinuousClock.now
                let request = try form.read(body.bytes, for: loaded)
                if let timeout = request.timeout {
                    pending.expect(by: came + timeout)
                    // A time that is longer than any is none.
                    if pending.hasDeadline { deadlines.watch(pending) }
                }
                let work = PredictionWork(
                    request, by: loaded, for: pending, decoded: .now - began, counters: counters)
                guard !work.units.isEmpty else { return work.answer() }
                if pending.hasDeadline, case let wait = delay(of: work.urgency), wait > .zero {
                    let wait = wait + work.time(forUnits: work.units.reduce(0, +))
                    guard !pending.isLate(after: wait) else {
                        return pending.answer { throw Self.overloaded(wait: wait) }
                    }
                }
                waiting.withLock { $0.add(work) }
                if isDirect { computeAll() } else { computing.async { self.computeAll() } }
            } catch {
                pending.answer { throw error }
            }
        }
    }

    /// Computes something else where predictions are computed: those that come meanwhile wait for it, and it waits for those
    /// that came before. It should take no longer than a batch.
    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in computing.async { continuation.resume(returning: body()) } }
    }

    /// Computes what waits, until there is nothing. On the queue that computes.
    private func computeAll() {
        dispatchPrecondition(condition: .onQueue(computing))
        while true {
            let started = ContinuousClock.now
            let (unwanted, batch) = waiting.withLock { ($0.takeUnwanted(), $0.takeBatch()) }
            for work in unwanted + (batch?.late ?? []) { work.giveUp() }
            guard let batch else { return }
            do throws(MemoryError) {
                try compute(batch)
                // With what is done beside the model, for which those who come after wait too.
                batch.parts[0].work.loaded.pace.count(units: batch.units, in: .now - started)
            } catch {
                for part in batch.parts { part.work.fail(error) }
            }
        }
    }

    private func compute(_ batch: BatchQueue<PredictionWork>.Batch) throws(MemoryError) {
        let started = ContinuousClock.now
        let (loaded, explains) = (batch.parts[0].work.loaded, batch.parts[0].work.group.explains)
        let clips = batch.parts.flatMap { $0.work.clips($0.clips) }
        let packed = Clips(collating: clips, modalities: loaded.configuration.modalities)
        try Memory.require(loaded.model.network.predictionBytes(packed), for: "the prediction")
        busyUntil.withLock { $0 = started + loaded.pace.time(forUnits: batch.units) }
        let prediction = loaded.model.predict(packed, explaining: explains)
        let computed = ContinuousClock.now - started
        busyUntil.withLock { $0 = .now }
        counters.count(batchOf: clips.count, units: batch.units)
        var row = 0
        for (work, range) in batch.parts {
            work.take(
                prediction, row: row, of: range, batchSize: clips.count, started: started, computed: computed)
            row += range.count
        }
    }

    private static func overloaded(wait: Duration) -> Problem {
        Problem(
            .tooManyRequests, code: "overloaded", detail: "too many predictions are under way",
            fields: [.retryAfter: "\(max(1, Int((wait / .seconds(1)).rounded(.up))))"])
    }
}
