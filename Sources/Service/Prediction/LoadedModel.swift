import Emotion
import Jobs

/// A version of a model in memory, ready to predict.
struct LoadedModel: Sendable {
    let record: ModelRecord
    let model: Model
    /// Reads clips with the modalities of the model, and no others.
    let decoder: ClipDecoder

    var configuration: ModelConfiguration { model.configuration }

    init(record: ModelRecord, model: Model) {
        self.record = record
        self.model = model
        var limits = ClipDecoder.Limits()
        limits.units = Predictor.clipUnitLimit
        decoder = ClipDecoder(modalities: model.configuration.modalities, limits: limits)
    }
}
