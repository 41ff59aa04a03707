import Emotion

/// The body of a prediction, read for one model.
struct PredictRequest: Sendable {
    private static let known = ["clips", "explain", "threshold", "top_k"]

    let clips: [Result<Clip, ClipError>]
    /// As sent, also of bad clips.
    let ids: [String?]
    /// How many probabilities are given, the highest first; nil for all.
    let topK: Int?
    /// Per label, the probability from which it is predicted.
    let thresholds: [Float]
    /// Whether the masking networks' score of every unit is wanted.
    let explain: Bool

    /// - Throws: `ClipError` and ``Problem`` when the document cannot be used at all.
    init(_ body: [UInt8], for loaded: LoadedModel) throws {
        let request = try body.withUnsafeBytes { try loaded.decoder.decodeRequest($0) }
        clips = request.clips.map { $0.flatMap { Self.checkUnits($0, limit: loaded.clipUnitLimit) } }.enumerated().map {
            index, clip in
            clip.mapError { error in
                error.pointer.isEmpty
                    ? ClipError(code: error.code, detail: error.detail, pointer: "/clips/\(index)") : error
            }
        }
        ids = request.ids
        var errors: [FieldError] = []
        for name in request.members.keys.sorted() where !Self.known.contains(name) {
            let detail = "no such member; there are: \(Self.known.joined(separator: ", "))"
            errors.append(FieldError(pointer: FieldError.pointer("", name), detail: detail))
        }
        topK = Self.topK(request.members["top_k"], &errors)
        thresholds = Self.thresholds(request.members["threshold"], loaded.configuration, &errors)
        explain = Self.explain(request.members["explain"], loaded.configuration, &errors)
        guard errors.isEmpty else { throw Problem.invalid(errors) }
    }

    private static func checkUnits(_ clip: Clip, limit: Int) -> Result<Clip, ClipError> {
        let units = clip.modalities.values.reduce(0) { $0 + $1.length }
        guard units <= limit else {
            let detail = "\(units) units in all, at most \(limit)"
            return .failure(ClipError(code: .badShape, detail: detail, pointer: ""))
        }
        return .success(clip)
    }

    private static func explain(
        _ member: ClipDecoder.Scalar?,
        _ configuration: ModelConfiguration,
        _ errors: inout [FieldError]
    ) -> Bool {
        switch member ?? .null {
        case .null, .bool(false): return false
        case .bool(true) where configuration.hasMaskingNetworks: return true
        case .bool(true):
            let detail = "this model has no masking networks to explain with"
            errors.append(FieldError(pointer: "/explain", detail: detail))
        default: errors.append(FieldError(pointer: "/explain", detail: "must be true or false"))
        }
        return false
    }

    private static func topK(_ member: ClipDecoder.Scalar?, _ errors: inout [FieldError]) -> Int? {
        switch member ?? .null {
        case .null: return nil
        case .number(let number):
            if let count = Int(exactly: number), count > 0 { return count }
        default: break
        }
        errors.append(FieldError(pointer: "/top_k", detail: "must be an integer of at least 1"))
        return nil
    }

    private static func thresholds(
        _ member: ClipDecoder.Scalar?,
        _ configuration: ModelConfiguration,
        _ errors: inout [FieldError]
    ) -> [Float] {
        let fixed = { (value: Float) in [Float](repeating: value, count: configuration.labels.count) }
        switch member ?? .null {
        case .null: return fixed(configuration.hyperparameters.threshold)
        case .number(let number) where (0...1).contains(number): return fixed(Float(number))
        case .string("tuned"):
            if let tuned = configuration.training?.tunedThresholds, tuned.count == configuration.labels.count {
                return tuned
            }
            errors.append(FieldError(pointer: "/threshold", detail: "this model has no tuned thresholds"))
        default:
            errors.append(FieldError(pointer: "/threshold", detail: "must be a number from 0 to 1 or \"tuned\""))
        }
        return fixed(0.5)
    }
}
