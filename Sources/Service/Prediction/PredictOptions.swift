import Emotion
import JSON

/// What is asked for beside the clips, as members of a body in JSON or as parameters of the query.
struct PredictOptions {
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

    static let members = [topKField.member, thresholdField.member, explainField.member]

    /// How many probabilities are given, the highest first; nil for all.
    let topK: Int?
    /// Per label, the probability from which it is predicted.
    let thresholds: [Float]
    /// Whether the masking networks' score of every unit is wanted.
    let explain: Bool

    /// - Parameters:
    ///   - values: the parameters of a query or the members of a document, which have passed their schema.
    ///   - answer: what is to hold them.
    init(_ values: Values, for loaded: LoadedModel, in answer: any PredictionAnswer, _ errors: inout FieldErrors) {
        let threshold = values[Self.thresholdField]
        topK = values[Self.topKField]
        explain = values[Self.explainField]
        thresholds = Self.thresholds(threshold, loaded.configuration, &errors).values
        if explain, !loaded.configuration.hasMaskingNetworks {
            errors.add("/explain", "this model has no masking networks to explain with")
        }
        guard !answer.isPerClip else { return }
        for (name, isGiven) in [("top_k", topK != nil), ("threshold", threshold != nil), ("explain", explain)]
        where isGiven {
            errors.add("/\(name)", "an answer that is an array of all probabilities has no place for it")
        }
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
