import Emotion
import HTTP
import HTTPTypes
import JSON

/// The output `probabilities`, FP32 [B, K], in JSON or as bytes after it.
struct InferenceAnswer: PredictionAnswer {
    /// That of the request.
    let id: String?
    let version: ModelVersion
    /// The names of the inputs, for errors.
    let inputs: [String]
    let isBinary: Bool
    let isPerClip = false

    func response(_ predictions: Predictions) throws -> Response {
        if let refusal = refusal(predictions.rows) { throw refusal }
        let probabilities = predictions.outcome.probabilities
        let shape = [predictions.rows.count, predictions.loaded.labels.count]
        var writer = JSONWriter(reserving: 256 + (isBinary ? 0 : probabilities.count * 14))
        writer.object {
            if let id { $0.member("id") { $0.value(id) } }
            $0.member("model_name") { $0.value(version.name) }
            $0.member("model_version") { $0.value(String(version.number)) }
            $0.member("outputs") {
                $0.array { $0.object { write(probabilities, shape, to: &$0) } }
            }
        }
        guard isBinary else { return .json(writer.bytes) }
        var bytes = writer.bytes
        let length = String(bytes.count)
        probabilities.withUnsafeBytes { bytes += $0 }
        return Response(
            fields: [.contentType: "application/octet-stream", .inferenceHeaderLength: length], body: .bytes(bytes))
    }

    private func write(_ probabilities: [Float], _ shape: [Int], to writer: inout JSONWriter) {
        if !isBinary { writer.member("data") { $0.array { for value in probabilities { $0.value(value) } } } }
        writer.member("datatype") { $0.value("FP32") }
        writer.member("name") { $0.value(InferenceDocument.output) }
        if isBinary {
            writer.member("parameters") {
                $0.object { $0.member("binary_data_size") { $0.value(probabilities.count * 4) } }
            }
        }
        writer.member("shape") { $0.array { for size in shape { $0.value(size) } } }
    }

    /// What is wrong with clips, by input and row; nil when there is nothing. The protocol has no place for the error of one.
    func refusal(_ clips: [Result<some Any, ClipError>]) -> Problem? {
        var errors = FieldErrors()
        var code: String?
        for (row, clip) in clips.enumerated() {
            guard case .failure(let error) = clip else { continue }
            // /clips/3/text/0/7
            let tokens = JSONPointer.tokens(error.pointer).dropFirst(2)
            let input = tokens.first.flatMap(inputs.firstIndex)
            let place =
                tokens.prefix(1) + ["row \(row)"] + zip(["unit ", "feature "], tokens.dropFirst()).map { $0 + $1 }
            errors.add(
                input.map { "/inputs/\($0)" } ?? "/inputs", "\(place.joined(separator: ", ")): \(error.detail)")
            code = code ?? error.code.rawValue
        }
        return code.map { .invalid(errors, code: $0) }
    }
}

extension HTTPField.Name {
    static let inferenceHeaderLength = HTTPField.Name(InferenceForm.headerName)!
}
