import Emotion
import HTTP

/// A document with a prediction or an error for each clip; a ``Problem`` when there is no prediction.
struct JSONAnswer: PredictionAnswer {
    let isPerClip = true

    func response(_ predictions: Predictions) throws -> Response {
        if !predictions.rows.contains(where: \.isSuccess), let refusal = predictions.refusal { throw refusal }
        let (loaded, count) = (predictions.loaded, predictions.rows.count)
        var writer = JSONWriter(reserving: 256 + count * (96 + loaded.labelBytes))
        writer.object {
            $0.member("model") { $0.raw(loaded.reference) }
            $0.member("predictions") {
                $0.array { for clip in 0..<count { predictions.write(clip, to: &$0) } }
            }
            $0.member("timing") { Self.write(predictions.outcome, to: &$0) }
        }
        return .json(writer.bytes)
    }

    private static func write(_ outcome: PredictionWork.Outcome, to writer: inout JSONWriter) {
        let milliseconds = { (duration: Duration) in (duration / .microseconds(1)).rounded() / 1000 }
        writer.object {
            $0.member("batch_size") { $0.value(outcome.batchSize) }
            $0.member("compute_ms") { $0.value(milliseconds(outcome.computed)) }
            $0.member("queue_ms") { $0.value(milliseconds(outcome.queued)) }
        }
    }
}

extension Result {
    var isSuccess: Bool { if case .success = self { true } else { false } }
}

extension JSONAnswer {
    static let schema = Schema.object([
        .init(
            "model",
            .object([.init("name", .string()), .init("version", .integer(1...Int.max)), .init("digest", .string())])),
        .init("predictions", .array(of: .choice([prediction, failure]))),
        .init(
            "timing",
            .object([
                .init("queue_ms", .number()), .init("compute_ms", .number()),
                .init("batch_size", .integer(1...Int.max, "Clips that were computed together, at most")),
            ])
        ),
    ]).named("Predictions")

    private static let prediction = Schema.object([
        .init("id", .string(), isRequired: false),
        .init("probabilities", .dictionary(of: .number(0...1), "By label, the highest first")),
        .init("labels", .array(of: .string(), "The labels predicted, the most probable first")),
        .init("missing", .array(of: .string(), "Modalities of the model that the clip lacks")),
        .init(
            "saliency",
            .dictionary(of: .array(of: .number()), "By modality, per unit, the score by which the model would mask it"),
            isRequired: false
        ),
    ]).named("Prediction")

    private static let failure = Schema.object([
        .init("id", .string(), isRequired: false),
        .init(
            "error",
            .object([
                .init("code", .string()), .init("detail", .string()), .init("pointer", .string("Into the request")),
            ])
        ),
    ]).named("PredictionError")
}
