import Emotion
import Engine
import HTTP
import HTTPTypes

/// An archive with `probabilities` [N, K] in float32 and `label_names` [K].
struct NPZAnswer: PredictionAnswer {
    let isPerClip = false

    func response(_ predictions: Predictions) throws -> Response {
        let labels = predictions.loaded.configuration.labels
        let archive = try NPZWriter()
        try archive.add(
            "probabilities", shape: [predictions.rows.count, labels.count], predictions.allProbabilities())
        try archive.add("label_names", labels)
        return Response(fields: [.contentType: AnswerType.npz.rawValue], body: .bytes(try archive.bytes()))
    }
}

/// A tensor `probabilities` [N, K] in F32; the metadata hold the model and its `labels`, each in JSON.
struct SafetensorsAnswer: PredictionAnswer {
    let isPerClip = false

    func response(_ predictions: Predictions) throws -> Response {
        let loaded = predictions.loaded
        let probabilities = try predictions.allProbabilities()
        let shape = [predictions.rows.count, loaded.labels.count]
        var labels = JSONWriter()
        labels.array { for label in loaded.labels { $0.raw(label) } }
        var bytes = Safetensors.header(
            of: [.init(name: "probabilities", dtype: .float32, shape: shape)],
            metadata: [
                "labels": String(decoding: labels.bytes, as: UTF8.self),
                "model": String(decoding: loaded.reference, as: UTF8.self),
            ])
        probabilities.withUnsafeBytes { bytes += $0 }
        return Response(fields: [.contentType: AnswerType.safetensors.rawValue], body: .bytes(bytes))
    }
}
