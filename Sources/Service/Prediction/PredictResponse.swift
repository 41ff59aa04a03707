import Emotion
import HTTP

/// The answer to a prediction as clients see it: a prediction or an error for each clip.
struct PredictResponse {
    private let request: PredictRequest
    private let outcome: PredictionWork.Outcome
    private let loaded: LoadedModel
    /// Per clip, its row in the outcome, or what is wrong with it.
    private let rows: [Result<Int, Fault>]

    /// Why a clip has no prediction.
    private struct Fault: Error {
        let code: String
        let detail: String
        let pointer: String

        init(_ error: ClipError) {
            code = error.code.rawValue
            detail = error.detail
            pointer = error.pointer
        }
    }

    /// - Parameter outcome: of the clips that could be read, in their order.
    /// - Throws: ``Problem`` when no clip has a prediction.
    init(_ request: PredictRequest, _ outcome: PredictionWork.Outcome, by loaded: LoadedModel) throws(Problem) {
        self.request = request
        self.outcome = outcome
        self.loaded = loaded
        var row = -1
        rows = request.clips.enumerated().map { index, clip in
            switch clip {
            case .success:
                row += 1
                // Features near the end of what a float can hold make sums that are beyond it.
                return Self.isFinite(row, outcome, loaded)
                    ? .success(row) : .failure(Fault(.notComputable(pointer: "/clips/\(index)")))
            case .failure(let error):
                return .failure(Fault(error))
            }
        }
        guard rows.contains(where: { (try? $0.get()) != nil }) else { throw Self.refusal(rows) }
    }

    private static func isFinite(_ row: Int, _ outcome: PredictionWork.Outcome, _ loaded: LoadedModel) -> Bool {
        outcome.probabilities[range(row, loaded)].allSatisfy(\.isFinite)
            && (outcome.saliency.isEmpty || outcome.saliency[row].values.joined().allSatisfy(\.isFinite))
    }

    private static func range(_ row: Int, _ loaded: LoadedModel) -> Range<Int> {
        let labels = loaded.configuration.labels.count
        return row * labels..<(row + 1) * labels
    }

    private static func refusal(_ rows: [Result<Int, Fault>]) -> Problem {
        var errors = FieldErrors()
        var code: String?
        for case .failure(let fault) in rows {
            errors.add(fault.pointer, fault.detail)
            code = code ?? fault.code
        }
        return .invalid(errors, code: code ?? "invalid_request")
    }

    func response() -> Response {
        var writer = JSONWriter(reserving: 256 + rows.count * (96 + loaded.labelBytes))
        writer.object {
            $0.member("model") { $0.raw(loaded.reference) }
            $0.member("predictions") {
                $0.array {
                    for (index, row) in rows.enumerated() {
                        switch row {
                        case .success(let row): write(clip: index, row, to: &$0)
                        case .failure(let fault): write(fault, of: request.ids[index], to: &$0)
                        }
                    }
                }
            }
            $0.member("timing") { write(outcome, to: &$0) }
        }
        return .json(writer.bytes)
    }

    private func write(clip index: Int, _ row: Int, to writer: inout JSONWriter) {
        guard case .success(let clip) = request.clips[index] else { preconditionFailure("only clips have rows") }
        let values = outcome.probabilities[Self.range(row, loaded)]
        let first = values.startIndex
        let labels = loaded.labels
        let ranked = labels.indices.sorted { (values[first + $1], $0) < (values[first + $0], $1) }
        writer.object {
            if let id = clip.id { $0.member("id") { $0.value(id) } }
            $0.member("labels") {
                $0.array {
                    for label in ranked where values[first + label] >= request.thresholds[label] {
                        $0.raw(labels[label])
                    }
                }
            }
            $0.member("missing") {
                $0.array {
                    for modality in loaded.configuration.usedModalities where clip.modalities[modality.name] == nil {
                        $0.value(modality.name)
                    }
                }
            }
            $0.member("probabilities") {
                $0.object {
                    for label in ranked.prefix(request.topK ?? labels.count) {
                        $0.member(quoted: labels[label]) { $0.value(values[first + label]) }
                    }
                }
            }
            if !outcome.saliency.isEmpty {
                $0.member("saliency") {
                    $0.object {
                        for (name, scores) in outcome.saliency[row].sorted(by: { $0.key < $1.key }) {
                            $0.member(name) { $0.array { for score in scores { $0.value(score) } } }
                        }
                    }
                }
            }
        }
    }

    private func write(_ fault: Fault, of id: String?, to writer: inout JSONWriter) {
        writer.object {
            $0.member("error") {
                $0.object {
                    $0.member("code") { $0.value(fault.code) }
                    $0.member("detail") { $0.value(fault.detail.shortened(to: 500)) }
                    $0.member("pointer") { $0.value(fault.pointer.shortened(to: 500)) }
                }
            }
            if let id { $0.member("id") { $0.value(id) } }
        }
    }

    private func write(_ outcome: PredictionWork.Outcome, to writer: inout JSONWriter) {
        let milliseconds = { (duration: Duration) in (duration / .microseconds(1)).rounded() / 1000 }
        writer.object {
            $0.member("batch_size") { $0.value(outcome.batchSize) }
            $0.member("compute_ms") { $0.value(milliseconds(outcome.computed)) }
            $0.member("queue_ms") { $0.value(milliseconds(outcome.queued)) }
        }
    }
}

extension PredictResponse {
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
