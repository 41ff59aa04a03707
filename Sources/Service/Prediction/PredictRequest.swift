import Emotion

/// What a request asks of one model, whatever its form.
struct PredictRequest: Sendable {
    let clips: [Result<Clip, ClipError>]
    /// As sent, also of bad clips.
    let ids: [String?]
    let options: PredictOptions
    let answer: any PredictionAnswer
    /// A JSON pointer to the clips; nil where a pointer leads into a clip.
    private let list: String?
    /// How long the client waits, where the body says so.
    var timeout: Duration?
    /// From 0, the first, to 7, where the body says so.
    var urgency: Int?

    /// - Parameters:
    ///   - ids: nil for none.
    ///   - list: a JSON pointer to the clips; nil where a pointer leads into a clip.
    /// - Throws: ``Problem`` when the options cannot be used.
    init(
        _ clips: [Result<Clip, ClipError>], ids: [String?]? = nil, list: String? = "/clips", _ values: Values,
        for loaded: LoadedModel, in answer: any PredictionAnswer
    ) throws(Problem) {
        var errors = FieldErrors()
        options = PredictOptions(values, for: loaded, in: answer, &errors)
        guard errors.isEmpty else { throw .invalid(errors) }
        self.list = list
        self.clips = clips.enumerated().map { index, clip in
            clip.flatMap { Self.checkUnits($0, limit: loaded.clipUnitLimit) }.mapError { error in
                guard error.pointer.isEmpty, let list else { return error }
                return ClipError(code: error.code, detail: error.detail, pointer: "\(list)/\(index)")
            }
        }
        self.ids = ids ?? [String?](repeating: nil, count: clips.count)
        self.answer = answer
    }

    /// Where a clip is, for an error.
    func pointer(ofClip index: Int) -> String { list.map { "\($0)/\(index)" } ?? "" }

    private static func checkUnits(_ clip: Clip, limit: Int) -> Result<Clip, ClipError> {
        let units = clip.modalities.values.reduce(0) { $0 + $1.length }
        guard units <= limit else {
            let detail = "\(units) units in all, at most \(limit)"
            return .failure(ClipError(code: .badShape, detail: detail, pointer: ""))
        }
        return .success(clip)
    }
}
