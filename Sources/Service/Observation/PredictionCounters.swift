import HTTP
import Platform

/// What predictions took, by the stages of their way, and how they were put together.
final class PredictionCounters: Sendable {
    /// The times of one request.
    struct Times {
        /// Reading the body into clips.
        var decode = Duration.zero
        /// From then to the start of the first batch.
        var queue = Duration.zero
        /// In all batches.
        var compute = Duration.zero
        /// Writing the answer.
        var encode = Duration.zero

        var stages: [(name: String, duration: Duration)] {
            [("decode", decode), ("queue", queue), ("compute", compute), ("encode", encode)]
        }

        /// A field for the answer (W3C Server Timing), in milliseconds.
        var serverTiming: String {
            stages.map { "\($0.name);dur=\(($0.duration / .microseconds(1)).rounded() / 1000)" }.joined(separator: ", ")
        }
    }

    private struct State {
        var stages = [Histogram](repeating: Histogram(), count: Times().stages.count)
        var batchClips = Histogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
        var batchUnits = Histogram(bounds: [1, 4, 16, 64, 128, 256, 512, 1024, 2048])
    }

    private let state = Mutex(State())

    func count(_ times: Times) {
        let stages = times.stages
        state.withLock { state in
            for (index, stage) in stages.enumerated() {
                state.stages[index].add(nanoseconds: UInt64(max(0, stage.duration / .nanoseconds(1))))
            }
        }
    }

    func count(batchOf clips: Int, units: Int) {
        state.withLock { state in
            state.batchClips.add(clips)
            state.batchUnits.add(units)
        }
    }

    func write(to text: inout PrometheusText) {
        let state = state.withLock { $0 }
        text.family(
            "limbic_prediction_stage_duration_seconds", .histogram,
            "Of requests for predictions: reading, waiting, computing and writing.")
        for (stage, histogram) in zip(Times().stages, state.stages) {
            text.durations("limbic_prediction_stage_duration_seconds", histogram, [("stage", stage.name)])
        }
        text.family("limbic_prediction_batch_clips", .histogram, "Clips that were computed together.")
        text.histogram("limbic_prediction_batch_clips", state.batchClips)
        text.family("limbic_prediction_batch_units", .histogram, "Units of all modalities that were computed together.")
        text.histogram("limbic_prediction_batch_units", state.batchUnits)
    }
}
