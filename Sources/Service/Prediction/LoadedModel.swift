import Emotion

/// A version of a model in memory, ready to predict.
final class LoadedModel: Sendable {
    let model: Model
    let pace = ModelPace()
    /// Reads clips with the modalities of the model, and no others.
    let decoder: ClipDecoder
    /// The most units of a clip over all modalities.
    let clipUnitLimit: Int
    /// The model as answers name it, in JSON.
    let reference: [UInt8]
    /// The labels as JSON strings.
    let labels: [[UInt8]]
    /// About what the probabilities of one clip take in JSON.
    let labelBytes: Int

    var configuration: ModelConfiguration { model.configuration }

    /// - Parameters:
    ///   - documentLimit: the most bytes of a request.
    ///   - clipUnitLimit: the most units of a clip over all modalities.
    init(_ version: ModelVersion, _ model: Model, documentLimit: Int, clipUnitLimit: Int) {
        self.model = model
        self.clipUnitLimit = clipUnitLimit
        var limits = ClipDecoder.Limits()
        limits.bytes = documentLimit
        limits.units = clipUnitLimit
        decoder = ClipDecoder(
            modalities: model.configuration.modalities,
            ignoresLabels: true,
            replacesNonfinite: model.configuration.hyperparameters.replaceNonfinite,
            limits: limits
        )
        labels = model.configuration.labels.map(JSONWriter.quoted)
        labelBytes = labels.reduce(0) { $0 + $1.count + 16 }
        var writer = JSONWriter()
        writer.object {
            $0.member("digest") { $0.value(version.digest) }
            $0.member("name") { $0.value(version.name) }
            $0.member("version") { $0.value(version.number) }
        }
        reference = writer.bytes
    }
}
