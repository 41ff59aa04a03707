import Emotion
import Engine
import Foundation
import Jobs
import JSON
import Logging
import Platform

/// Makes the evaluations that wait, one after another, between the predictions of clients.
struct EvaluationRunner: Sendable {
    let backend: Backend

    /// The most units of a batch, over all modalities: clients wait for one at the most.
    private static let batchUnits = 512

    private let queue = WorkQueue("limbic.evaluate", qos: .utility)

    init(backend: Backend) { self.backend = backend }

    /// Until the task is cancelled. What is under way then is made again by the next server.
    func run() async {
        for await _ in backend.evaluations.arrivals() {
            while !Task.isCancelled {
                do {
                    guard let record = try await backend.evaluations.takeNext() else { break }
                    do { try await finish(record) } catch {
                        // Neither that the server stops nor what is tried again uses up an attempt.
                        try await backend.evaluations.putBack(record.id)
                        throw error
                    }
                } catch is CancellationError {
                    return
                } catch {
                    backend.logger.error("an evaluation could not be recorded", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(5))
                }
            }
        }
    }

    private func finish(_ record: EvaluationRecord) async throws {
        let outcome: Result<Data, EvaluationFailure>
        do {
            outcome = .success(try JSONEncoder().encode(try await evaluate(record)))
        } catch let failure as EvaluationFailure {
            outcome = .failure(failure)
        } catch let problem as Problem where problem.code != ModelCache.busy {
            outcome = .failure(EvaluationFailure(problem.detail))
        } catch is CancellationError {
            throw CancellationError()
        } catch let problem as Problem {
            // It is tried again.
            throw problem
        } catch {
            backend.logger.error(
                "an evaluation failed", metadata: ["evaluation": "\(record.id)", "error": "\(error)"])
            outcome = .failure(EvaluationFailure("the server failed to make it"))
        }
        try await backend.evaluations.finish(record.id, outcome)
    }

    private func evaluate(_ record: EvaluationRecord) async throws -> EvaluationResult {
        guard let version = backend.registry.version(record.version, of: record.name) else {
            throw EvaluationFailure("there is no such version")
        }
        let document = try JSONReader.decode(EvaluationDocument.self, from: record.document)
        let split = try await open(record)
        let loaded = try await backend.predictor.cache.model(version)
        if let fault = EvaluatedSplit.fault(of: split.clips, for: loaded.configuration) {
            throw EvaluationFailure(fault)
        }
        guard let truth = split.clips.labels else { throw EvaluationFailure("the split has no labels") }
        let probabilities = try await probabilities(of: split.clips, by: loaded)
        let configuration = loaded.configuration
        let thresholds = document.thresholds ?? loaded.model.ownThresholds
        return try await queue.run {
            let metrics = Metrics(
                probabilities: probabilities, truth: truth, labels: configuration.labels, thresholds: thresholds)
            guard metrics.counting?.isMeaningless != true else {
                throw EvaluationFailure("none of the clips can be computed; are the features not too large?")
            }
            return EvaluationResult(
                clips: split.clips.count, contentDigest: split.contentDigest, thresholds: thresholds, metrics: metrics,
                byThreshold: ThresholdComparison(
                    probabilities: probabilities, truth: truth, labels: configuration.labels,
                    tuned: configuration.training?.thresholds),
                curves: LabelCurves.all(
                    probabilities: probabilities, truth: truth, labels: configuration.labels))
        }
    }

    private func open(_ record: EvaluationRecord) async throws -> PackedSplit {
        guard let dataset = try await backend.datasets.get(record.dataset),
            let split = dataset.splits.first(where: { $0.name == record.split })
        else { throw EvaluationFailure("the split is not there any more") }
        return try await queue.run { [directory = backend.directory] in
            let packed: PackedSplit
            do throws(DatasetError) { packed = try PackedSplit(path: directory.path(split.path)) } catch {
                throw EvaluationFailure("the split cannot be read: \(error.problems[0].description)")
            }
            // Numbers of rows that are not those that were uploaded would be worse than none.
            if let fault = packed.faultInRows() {
                throw EvaluationFailure("the split is not what was uploaded: \(fault.problems[0].description)")
            }
            return packed
        }
    }

    /// - Returns: [N, K], row-major, in the order of the clips.
    private func probabilities(of clips: Clips, by loaded: LoadedModel) async throws -> [Float] {
        let count = loaded.configuration.labels.count
        var result = [Float](repeating: 0, count: clips.count * count)
        let sampler = BatchSampler(lengths: clips.unitCounts, batchSize: 64, seed: 0)
        for batch in sampler.orderedBatches(unitLimit: Self.batchUnits) {
            try Task.checkCancellation()
            let packed = clips.select(batch)
            try Memory.require(loaded.model.network.predictionBytes(packed), for: "the evaluation")
            let rows = await backend.predictor.run { loaded.model.predict(packed).probabilities }
            for (row, clip) in batch.enumerated() {
                result.replaceSubrange(clip * count..<(clip + 1) * count, with: rows[row * count..<(row + 1) * count])
            }
        }
        return result
    }
}
