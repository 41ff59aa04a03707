import JSON
import Emotion

/// The body of a prediction, read for one model.
struct PredictRequest: Sendable {
    private static let topKField = Field.optionalInteger(
        "top_k", 1...Int.max, "How many probabilities are given, the highest; all when it is not given")
    static let thresholdField = Field<JSONValue?>.optionalValue(
        "threshold",
        .choice(
            [.number(0...1), .words(["tuned"])],
            "The probability from which a label is predicted, or tuned for that of best F1 in validation, per label; the "
                + "hyperparameter threshold of the model when it is not given"
        )
    )
    private static let explainField = Field<Bool>.flag(
        "explain", default: false, "Whether the score by which the model would mask a unit is given for each")

    private static let options = [topKField.member, thresholdField.member, explainField.member]
    /// Of all but the clips, which are read without this.
    private static let optionSchema = Schema.object([.init("clips", .any, isRequired: false)] + options)

    /// Describes the body. Clips are read by a decoder of their own, straight into numbers.
    static let schema = Schema.object([.init("clips", .array(of: clipSchema, count: 1...4096))] + options)
        .named("PredictRequest")

    private static let clipSchema = Schema.object(
        [
            .init("id", Schema.string("Given back with the prediction").orNull, isRequired: false),
            .init("labels", Schema(.any, "Not used"), isRequired: false),
        ],
        others: .each(
            .array(of: .array(of: .number(), count: 1...Int.max)).orNull, names: .modalityName, count: 1...256),
        "Any other member is a modality: an array of units, each an array of numbers; null, or nothing, where it is missing"
    ).named("Clip")

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
        clips = request.clips.enumerated().map { index, clip in
            clip.flatMap { Self.checkUnits($0, limit: loaded.clipUnitLimit) }.mapError { error in
                error.pointer.isEmpty
                    ? ClipError(code: error.code, detail: error.detail, pointer: "/clips/\(index)") : error
            }
        }
        ids = request.ids
        var errors = FieldErrors()
        let members = request.members.mapValues(JSONValue.init)
        if !members.isEmpty { Self.optionSchema.check(.object(members), at: "", &errors) }
        let values = Values(errors.isEmpty ? members : [:])
        topK = values[Self.topKField]
        explain = values[Self.explainField]
        thresholds = Self.thresholds(values[Self.thresholdField], loaded.configuration, &errors).values
        if explain, !loaded.configuration.hasMaskingNetworks {
            errors.add("/explain", "this model has no masking networks to explain with")
        }
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

    /// What a request means by ``thresholdField``, nil for the model's own.
    static func thresholds(
        _ value: JSONValue?,
        _ configuration: ModelConfiguration,
        _ errors: inout FieldErrors
    ) -> Thresholds {
        let count = configuration.labels.count
        let own = Thresholds.fixed(configuration.hyperparameters.threshold, labels: count)
        guard let value else { return own }
        if let number = value.finite { return .fixed(Float(number), labels: count) }
        if let tuned = configuration.training?.tunedThresholds, tuned.count == count { return .tuned(tuned) }
        errors.add("/threshold", "this model has no tuned thresholds")
        return own
    }
}

extension JSONValue {
    fileprivate init(_ scalar: ClipDecoder.Scalar) {
        switch scalar {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .number(let number) where !number.isFinite: self = .outOfRange
        case .number(let number): self = Int(exactly: number).map { .integer($0) } ?? .number(number)
        case .string(let text): self = .string(text)
        }
    }
}
