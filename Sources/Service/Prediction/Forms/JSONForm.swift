import Emotion
import JSON

/// `{"clips": […], …}`, whose clips are read by a decoder of their own, straight into numbers.
struct JSONForm: PredictionForm {
    /// Parameters of the query, which count where the body says nothing.
    let query: Values
    let type: AnswerType

    /// Of all but the clips, which are read without this.
    private static let optionSchema = Schema.object(
        [.init("clips", .any, isRequired: false)] + PredictOptions.members)

    /// Describes the body.
    static let schema = Schema.object(
        [.init("clips", .array(of: clipSchema, count: 1...4096))] + PredictOptions.members
    )
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

    func read(_ body: [UInt8], for loaded: LoadedModel) throws -> PredictRequest {
        let request = try body.withUnsafeBytes { try loaded.decoder.decodeRequest($0) }
        let members = request.members.mapValues(JSONValue.init)
        if !members.isEmpty {
            var errors = FieldErrors()
            Self.optionSchema.check(.object(members), at: "", &errors)
            guard errors.isEmpty else { throw Problem.invalid(errors) }
        }
        return try PredictRequest(
            request.clips, ids: request.ids, query.replaced(by: members), for: loaded, in: type.answer)
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
