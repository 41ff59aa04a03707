import Emotion
import Jobs

/// A version of a model in memory, ready to predict.
struct LoadedModel: Sendable {
    let record: ModelRecord
    let model: Model
    /// Reads clips with the modalities of the model, and no others.
    let decoder: ClipDecoder
    /// The most units of a clip over all modalities.
    let clipUnitLimit: Int

    var configuration: ModelConfiguration { model.configuration }

    init(record: ModelRecord, model: Model, clipUnitLimit: Int) {
        self.record = record
        self.model = model
        self.clipUnitLimit = clipUnitLimit
        var limits = ClipDecoder.Limits()
        limits.units = clipUnitLimit
        decoder = ClipDecoder(
            modalities: model.configuration.modalities,
            ignoresLabels: true,
            replacesNonfinite: model.configuration.hyperparameters.replaceNonfinite,
            limits: limits
        )
    }
}
