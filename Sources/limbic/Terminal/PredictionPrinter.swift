import Emotion

/// Predictions and faults of clips as lines of JSON, in the form that the service answers with.
struct PredictionPrinter {
    let configuration: ModelConfiguration
    /// One per label.
    let thresholds: [Float]

    /// - Parameter row: the clip's place in the prediction.
    func line(id: String?, _ prediction: Model.Prediction, _ row: Int, isMissing: (String) -> Bool) -> String {
        let labels = configuration.labels
        let probabilities = prediction.probabilities[row * labels.count..<(row + 1) * labels.count]
        let named = Array(zip(labels, probabilities))
        let chosen = zip(named, thresholds).filter { $0.0.1 >= $0.1 }.map(\.0.0)
        return JSONText.object(
            [
                ("id", id.map(JSONText.string) ?? .null),
                ("probabilities", .object(named.map { ($0.0, .float($0.1)) })),
                ("labels", .strings(chosen)),
                ("missing", .strings(configuration.usedModalities.map(\.name).filter(isMissing))),
            ] + saliency(prediction.saliency(ofClip: row))
        ).text + "\n"
    }

    private func saliency(_ scores: [String: [Float]]) -> [(String, JSONText)] {
        guard !scores.isEmpty else { return [] }
        let modalities = configuration.usedModalities.map(\.name).compactMap { name in
            scores[name].map { (name, JSONText.array($0.map(JSONText.float))) }
        }
        return [("saliency", .object(modalities))]
    }

    func line(id: String?, _ error: ClipError) -> String {
        JSONText.object([
            ("id", id.map(JSONText.string) ?? .null),
            (
                "error",
                .object([
                    ("code", .string(error.code.rawValue)),
                    ("detail", .string(error.detail)),
                    ("pointer", .string(error.pointer)),
                ])
            ),
        ]).text + "\n"
    }
}
