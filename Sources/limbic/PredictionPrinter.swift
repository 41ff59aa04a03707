import Emotion

/// Predictions and faults of clips as lines of JSON, in the form that the service answers with.
struct PredictionPrinter {
    let configuration: ModelConfiguration
    /// One per label.
    let thresholds: [Float]

    /// - Parameter probabilities: one per label.
    func line(id: String?, _ probabilities: ArraySlice<Float>, isMissing: (String) -> Bool) -> String {
        let named = Array(zip(configuration.labels, probabilities))
        let chosen = zip(named, thresholds).filter { $0.0.1 >= $0.1 }.map(\.0.0)
        return JSONText.object([
            ("id", id.map(JSONText.string) ?? .null),
            ("probabilities", .object(named.map { ($0.0, .float($0.1)) })),
            ("labels", .strings(chosen)),
            ("missing", .strings(configuration.modalities.map(\.name).filter(isMissing))),
        ]).text + "\n"
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
