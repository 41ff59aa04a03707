package import Engine

/// The values of switches that choose among ways to build and to train a model.
extension Hyperparameters {
    /// The numbers that matrix products multiply.
    package enum Precision: String, Sendable, CaseIterable {
        /// bfloat16 on a machine that multiplies in it, else float32.
        case auto
        case float32
        case bfloat16

        /// On this machine; float32 where it lacks bfloat16, which ``fault`` tells.
        package var resolved: Engine.Precision {
            self != .float32 && GEMMBackend.has(.bfloat16) ? .bfloat16 : .float32
        }

        /// Why a training cannot be in this precision here, nil when it can.
        package var fault: String? {
            self == .bfloat16 && !GEMMBackend.has(.bfloat16)
                ? "bfloat16 is not available: this machine does not multiply in it; auto would take float32" : nil
        }
    }

    /// What tells the units of a modality apart by their place in the clip.
    package enum Positional: String, Sendable, CaseIterable {
        case none
        case sinusoidal
        case learned
    }

    /// What the encoders are made of.
    package enum Backbone: String, Sendable, CaseIterable {
        case transformer
        case lstm
    }

    /// Whether a module of the network is there.
    package enum Presence: String, Sendable, CaseIterable {
        case on
        case none
    }

    /// How units are masked for the second pass of a training step.
    package enum TemporalMasking: String, Sendable, CaseIterable {
        case off
        /// By masking networks that are trained against the encoders (equations 4 to 11).
        case on
        /// By masking networks that are trained with the encoders.
        case noReversal = "no_reversal"
        /// At random.
        case randomMask = "random_mask"
    }

    /// How the parameters are perturbed for the third pass of a training step.
    package enum ParameterPerturbation: String, Sendable, CaseIterable {
        case off
        /// Along the gradient (equation 14).
        case on
        /// In a random direction of the same length.
        case random
    }

    /// Which parameters of a module are perturbed.
    package enum PerturbationScope: String, Sendable, CaseIterable {
        case attentionAndFeedForward = "attention+ff"
        case attention
        case feedForward = "ff"
        case all

        /// The gates of an LSTM are its only projections, so every scope has them.
        func contains(_ group: ParameterGroup) -> Bool {
            switch (self, group) {
            case (.all, _), (_, .recurrence): true
            case (_, .other): false
            case (.attentionAndFeedForward, _), (.attention, .attention), (.feedForward, .feedForward): true
            default: false
            }
        }
    }

    /// The norm that gets the length `gamma`.
    package enum PerturbationNorm: String, Sendable, CaseIterable {
        /// That of each parameter tensor.
        case perTensor = "per_tensor"
        /// That of all perturbed parameters together.
        case global
    }

    /// The gradient along which parameters are perturbed.
    package enum PerturbationSource: String, Sendable, CaseIterable {
        /// ∇L_r
        case recognition = "Lr"
        /// ∇(L_r + ρ L_m)
        case accumulated
    }

    /// A part of the network.
    package enum Module: String, Sendable, CaseIterable {
        case unimodal
        case multimodal
        case decoder
    }

    /// L_r, and L_m likewise.
    package enum Loss: String, Sendable, CaseIterable {
        case bce
        case asymmetric

        func callAsFunction(logits: Tensor, labels: [Float]) -> (loss: Float, gradient: Tensor) {
            switch self {
            case .bce: binaryCrossEntropy(logits: logits, labels: labels)
            case .asymmetric: asymmetricLoss(logits: logits, labels: labels)
            }
        }
    }

    /// How the projected inputs are changed for a second pass, in place of masking.
    package enum Augmentation: String, Sendable, CaseIterable {
        case none
        /// One step of length `augmentation_size` along the sign of the gradient (Goodfellow et al. 2015).
        case fgsm
        /// Several such steps, kept within that distance (Madry et al. 2018).
        case pgd
        /// One run of units of each modality set to zero (Zhong et al. 2020).
        case randomErasing = "random_erasing"
        /// Noise of that deviation.
        case gaussianNoise = "gaussian_noise"
    }
}
