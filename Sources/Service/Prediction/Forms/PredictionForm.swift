import Emotion

/// A way to ask for predictions: how the body of a request is read. Whatever the form, its clips take the same way through
/// ``Predictor``, and their probabilities are the same to the bit.
protocol PredictionForm: Sendable {
    /// - Throws: `ClipError`, ``Problem`` and others that ``ErrorMapping`` knows, when the body cannot be used at all.
    func read(_ body: [UInt8], for loaded: LoadedModel) throws -> PredictRequest
}
