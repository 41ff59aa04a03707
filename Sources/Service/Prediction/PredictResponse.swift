import Emotion
import Jobs

/// The answer to a prediction as clients see it.
struct PredictResponse: Encodable, Sendable {
    struct ModelReference: Encodable {
        let name: String
        let version: Int
        let digest: String
    }

    struct Prediction: Encodable {
        let id: String?
        let probabilities: [String: Float]?
        let labels: [String]?
        let missing: [String]?
        /// By modality, the score of each unit.
        let saliency: [String: [Float]]?
        let error: Fault?
    }

    struct Fault: Encodable {
        let code: String
        let detail: String
        let pointer: String
    }

    struct Timing: Encodable {
        let queueMs: Double
        let computeMs: Double
        let batchSize: Int
    }

    private let model: ModelReference
    private let predictions: [Prediction]
    private let timing: Timing

    /// - Parameter outcome: of the clips that could be read, in their order.
    init(_ request: PredictRequest, _ outcome: Predictor.Outcome, by loaded: LoadedModel) {
        let record = loaded.record
        let labels = loaded.configuration.labels
        model = ModelReference(name: record.name, version: record.version, digest: record.digest)
        var row = 0
        var predictions: [Prediction] = []
        for (index, clip) in request.clips.enumerated() {
            switch clip {
            case .success(let clip):
                let values = outcome.probabilities[row * labels.count..<(row + 1) * labels.count]
                let prediction = Self.predict(
                    clip, Array(values), outcome.saliency.isEmpty ? nil : outcome.saliency[row], request, loaded,
                    pointer: "/clips/\(index)")
                predictions.append(prediction)
                row += 1
            case .failure(let error):
                let fault = Fault(code: error.code.rawValue, detail: error.detail, pointer: error.pointer)
                predictions.append(Self.failed(request.ids[index], fault))
            }
        }
        self.predictions = predictions
        timing = Timing(
            queueMs: Self.milliseconds(outcome.queued),
            computeMs: Self.milliseconds(outcome.computed),
            batchSize: row
        )
    }

    private static func predict(
        _ clip: Clip,
        _ values: [Float],
        _ saliency: [String: [Float]]?,
        _ request: PredictRequest,
        _ loaded: LoadedModel,
        pointer: String
    ) -> Prediction {
        // Features near the end of what a float can hold make sums that are beyond it.
        guard values.allSatisfy(\.isFinite), saliency?.values.joined().allSatisfy(\.isFinite) ?? true else {
            let error = ClipError.notComputable(pointer: pointer)
            return failed(clip.id, Fault(code: error.code.rawValue, detail: error.detail, pointer: error.pointer))
        }
        let labels = loaded.configuration.labels
        let ranked = labels.indices.sorted { (values[$1], $0) < (values[$0], $1) }
        let shown = ranked.prefix(request.topK ?? labels.count)
        return Prediction(
            id: clip.id,
            probabilities: Dictionary(uniqueKeysWithValues: shown.map { (labels[$0], values[$0]) }),
            labels: ranked.filter { values[$0] >= request.thresholds[$0] }.map { labels[$0] },
            missing: loaded.configuration.usedModalities.map(\.name).filter { clip.modalities[$0] == nil },
            saliency: saliency,
            error: nil
        )
    }

    private static func failed(_ id: String?, _ fault: Fault) -> Prediction {
        Prediction(id: id, probabilities: nil, labels: nil, missing: nil, saliency: nil, error: fault)
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        (duration / .microseconds(1)).rounded() / 1000
    }
}
