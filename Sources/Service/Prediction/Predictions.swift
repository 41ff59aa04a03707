import Emotion

/// What was computed of a request, by clip: its probabilities, or why there are none.
struct Predictions {
    let request: PredictRequest
    let outcome: PredictionWork.Outcome
    let loaded: LoadedModel
    /// Per clip, its row in the outcome, or what is wrong with it.
    let rows: [Result<Int, ClipError>]

    /// - Parameter outcome: of the clips that could be read, in their order.
    init(_ request: PredictRequest, _ outcome: PredictionWork.Outcome, by loaded: LoadedModel) {
        self.request = request
        self.outcome = outcome
        self.loaded = loaded
        var row = -1
        rows = request.clips.enumerated().map { index, clip in
            clip.flatMap { _ in
                row += 1
                // Features near the end of what a float can hold make sums that are beyond it.
                return Self.isFinite(row, outcome, loaded)
                    ? .success(row) : .failure(.notComputable(pointer: request.pointer(ofClip: index)))
            }
        }
    }

    /// Of a row, by label.
    func probabilities(_ row: Int) -> ArraySlice<Float> { outcome.probabilities[Self.range(row, loaded)] }

    /// [B, K], row-major, for answers that have no place for what is wrong with a clip.
    ///
    /// - Throws: ``Problem`` when there is such a clip.
    func allProbabilities() throws(Problem) -> [Float] {
        guard let refusal else { return outcome.probabilities }
        throw refusal
    }

    /// What is wrong with all clips that have no prediction; nil when there are none.
    var refusal: Problem? {
        var errors = FieldErrors()
        var code: String?
        for case .failure(let error) in rows {
            errors.add(error.pointer, error.detail)
            code = code ?? error.code.rawValue
        }
        return code.map { .invalid(errors, code: $0) }
    }

    private static func isFinite(_ row: Int, _ outcome: PredictionWork.Outcome, _ loaded: LoadedModel) -> Bool {
        outcome.probabilities[range(row, loaded)].allSatisfy(\.isFinite)
            && (outcome.saliency.isEmpty || outcome.saliency[row].values.joined().allSatisfy(\.isFinite))
    }

    private static func range(_ row: Int, _ loaded: LoadedModel) -> Range<Int> {
        let labels = loaded.configuration.labels.count
        return row * labels..<(row + 1) * labels
    }
}
