package import Engine

/// The switches and numbers of a model and its training, named as in requests, on the command line and in `config.json`.
///
/// The defaults are the recipe `paper`; see ``Recipe``.
package struct Hyperparameters: Sendable, Equatable {
    // The model (section 3.2 of the paper).
    package var modelWidth = 512
    package var heads = 8
    package var feedForward = 1024
    package var unimodalBlocks = 4
    package var multimodalBlocks = 4
    package var decoderBlocks = 1
    package var dropout: Float = 0.1
    package var layerNormEpsilon: Float = 1e-5
    package var classifier = Classifier.perLabel
    package var positional = Positional.none
    package var backbone = Backbone.transformer
    package var multimodalEncoder = Presence.on
    package var decoder = Presence.on
    package var dropModalities: [String] = []

    // The training (sections 3.5 and 4.1.3).
    package var epochs = 10
    package var batchSize = 64
    package var learningRate: Float = 5e-5
    package var weightDecay: Float = 0.01
    package var warmupSteps = 10
    package var schedule = Schedule.cosine
    package var clipNorm: Float = 0
    package var selectBy = SelectionMetric.microF1
    package var threshold: Float = 0.5
    package var replaceNonfinite = false
    package var standardize = false
    package var precision = Precision.auto

    // Adversarial temporal masking (section 3.3).
    package var temporalMasking = TemporalMasking.on
    package var maskRatio: Float = 0.4
    package var topKEpsilon: Float = 0.1
    package var topKIterations = 0
    package var topKSide = SoftTopK.Side.largest
    package var alpha: Float = 0.1

    // Adversarial parameter perturbation (section 3.4).
    package var parameterPerturbation = ParameterPerturbation.on
    package var gamma: Float = 1
    package var perturbationScope = PerturbationScope.attentionAndFeedForward
    package var perturbationNorm = PerturbationNorm.perTensor
    package var perturbationSource = PerturbationSource.recognition
    package var perturbedModules: [Module] = [.multimodal]
    package var divergence = Divergence.bernoulli

    // The objective (equation 15).
    package var loss = Loss.bce
    package var rho: Float = 0.1
    package var sigma: Float = 1

    // What section 4.3 puts in place of adversarial training.
    package var augmentation = Augmentation.none
    package var augmentationSize: Float = 0.1

    package init() {}

    /// The vectors that score the decoder's outputs.
    package enum Classifier: String, Sendable, Codable, CaseIterable {
        /// A weight vector and a bias for each label.
        case perLabel = "per_label"
        /// One weight vector and bias for all labels.
        case shared
    }

    /// How the learning rate goes on after the warm-up.
    package typealias Schedule = LearningRateSchedule.Annealing

    /// The validation metric that chooses the epoch to keep.
    package enum SelectionMetric: String, Sendable, Codable, CaseIterable {
        case microF1 = "micro_f1"
        case macroF1 = "macro_f1"
        case accuracy
        case hammingLoss = "hamming_loss"
    }
}
