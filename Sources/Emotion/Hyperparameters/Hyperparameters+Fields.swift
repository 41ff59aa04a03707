extension Hyperparameters {
    /// All hyperparameters by name, in the order in which they are shown.
    package static let fields: [HyperparameterField] = [
        .init("d_model", \.modelWidth, 1...8192, "Width d of all representations; a multiple of heads"),
        .init("heads", \.heads, 1...256, "Attention heads h"),
        .init("feed_forward", \.feedForward, 1...65_536, "Inner width of the feed-forward layers"),
        .init("unimodal_blocks", \.unimodalBlocks, 0...64, "Blocks of each uni-modal encoder"),
        .init("multimodal_blocks", \.multimodalBlocks, 0...64, "Blocks of the multi-modal encoder"),
        .init("decoder_blocks", \.decoderBlocks, 1...64, "Blocks of the emotion decoder"),
        .init("dropout", \.dropout, 0...0.95, "Rate on attention weights, in feed-forward layers and after sublayers"),
        .init("layer_norm_epsilon", \.layerNormEpsilon, 1e-12...0.1, "Added to the variance in layer normalisation"),
        .init("classifier", \.classifier, "A weight vector per label, or one shared by all labels"),
        .init("positional", \.positional, "What tells the units of a modality apart by their place"),
        .init("backbone", \.backbone, "What the encoders are made of"),
        .init(
            "multimodal_encoder", \.multimodalEncoder, "The encoder of all modalities together; none only concatenates"),
        .init("decoder", \.decoder, "The emotion decoder; none classifies the mean over all units"),
        .init("drop_modalities", \.dropModalities, "Modalities of the data that the model does without"),
        .init("epochs", \.epochs, 1...100_000, "Passes over the training split"),
        .init("batch_size", \.batchSize, 1...65_536, "Clips per optimizer step"),
        .init("learning_rate", \.learningRate, 0...10, "Peak learning rate of AdamW"),
        .init("weight_decay", \.weightDecay, 0...10, "Decoupled weight decay of AdamW"),
        .init("warmup_steps", \.warmupSteps, 0...1_000_000, "Steps over which the learning rate rises linearly"),
        .init("schedule", \.schedule, "Learning rate after the warm-up"),
        .init("clip_norm", \.clipNorm, 0...1_000_000, "Largest norm of the gradient; 0 does not clip"),
        .init("select_by", \.selectBy, "Validation metric that chooses the epoch to keep"),
        .init("threshold", \.threshold, 0...1, "Probability from which a label is predicted"),
        .init("replace_nonfinite", \.replaceNonfinite, "Replace NaN and infinite features by 0 instead of refusing"),
        .init("standardize", \.standardize, "Scale each feature by its mean and deviation in the training split"),
        .init("precision", \.precision, "Numbers that products multiply; auto is bfloat16 where the processor can"),
        .init("atm", \.temporalMasking, "Adversarial temporal masking"),
        .init(
            "mask_ratio", \.maskRatio, 0...1, "Share of temporal units that atm masks and random_erasing erases at most"
        ),
        .init("topk_epsilon", \.topKEpsilon, 1e-4...10, "Entropy weight of the soft top-k of atm"),
        .init(
            "topk_iterations", \.topKIterations, 0...100_000,
            "Sinkhorn iterations of the soft top-k of atm; 0 solves it exactly"),
        .init("topk_side", \.topKSide, "Whether atm masks the units of largest or smallest score"),
        .init("alpha", \.alpha, 0...100, "Scale of the reversed gradient of atm"),
        .init("app", \.parameterPerturbation, "Adversarial parameter perturbation"),
        .init("gamma", \.gamma, 0...1000, "Norm of the perturbation of app"),
        .init("app_scope", \.perturbationScope, "Parameters that app perturbs in each of its modules"),
        .init("app_norm", \.perturbationNorm, "Whether gamma is the norm of each tensor or of all together"),
        .init("app_source", \.perturbationSource, "Loss along whose gradient app perturbs"),
        .init("app_modules", \.perturbedModules, "Modules that app perturbs"),
        .init("divergence", \.divergence, "Distributions whose divergence is the perturbed loss of app"),
        .init("loss", \.loss, "Recognition loss"),
        .init("rho", \.rho, 0...100, "Weight of the loss on masked or augmented inputs"),
        .init("sigma", \.sigma, 0...100, "Weight of the perturbed loss of app"),
        .init("augmentation", \.augmentation, "What changes the inputs in place of atm, which must be off"),
        .init(
            "augmentation_size", \.augmentationSize, 0...100, "Distance or deviation of fgsm, pgd and gaussian_noise"),
    ]

    private static let fieldsByName = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0) })

    /// The field of that name.
    ///
    /// - Throws: ``HyperparameterError`` that lists the names there are.
    package static func field(_ name: String) throws(HyperparameterError) -> HyperparameterField {
        guard let field = fieldsByName[name] else {
            throw HyperparameterError(
                name: name,
                reason: "is not a hyperparameter; there are " + fields.map(\.name).joined(separator: ", "))
        }
        return field
    }

    /// These hyperparameters with some of them replaced.
    ///
    /// - Throws: ``HyperparameterErrors`` with everything that is wrong.
    package func setting(_ values: [String: HyperparameterValue]) throws(HyperparameterErrors) -> Hyperparameters {
        var result = self
        var errors: [HyperparameterError] = []
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            do throws(HyperparameterError) {
                try Self.field(name).set(value, in: &result)
            } catch {
                errors.append(error)
            }
        }
        if errors.isEmpty { errors = result.contradictions }
        guard errors.isEmpty else { throw HyperparameterErrors(errors: errors) }
        return result
    }

    /// What does not go together.
    private var contradictions: [HyperparameterError] {
        var errors: [HyperparameterError] = []
        if !modelWidth.isMultiple(of: heads) {
            errors.append(.init(name: "d_model", reason: "\(modelWidth) is not a multiple of heads, which is \(heads)"))
        }
        if augmentation != .none, temporalMasking != .off {
            errors.append(.init(name: "augmentation", reason: "takes the place of atm, which must be off"))
        }
        if parameterPerturbation != .off, perturbedModules.allSatisfy({ !hasModule($0) }) {
            errors.append(.init(name: "app_modules", reason: "the model has none of these; app may be off"))
        } else if parameterPerturbation != .off, !perturbedModules.contains(where: isPerturbable) {
            errors.append(
                .init(
                    name: "app_modules",
                    reason: "these have no blocks, and outside of blocks app_scope \(perturbationScope.rawValue) "
                        + "perturbs nothing; app may be off or app_scope all"))
        }
        return errors
    }

    private func hasModule(_ module: Module) -> Bool {
        switch module {
        case .unimodal: true
        case .multimodal: multimodalEncoder == .on
        case .decoder: decoder == .on
        }
    }

    /// Whether a module has parameters of `app_scope`: all scopes but one have none outside of blocks.
    package func isPerturbable(_ module: Module) -> Bool {
        let blocks =
            switch module {
            case .unimodal: unimodalBlocks
            case .multimodal: multimodalBlocks
            case .decoder: decoderBlocks
            }
        return hasModule(module) && (blocks > 0 || perturbationScope == .all)
    }

    /// All values by name.
    package var values: [String: HyperparameterValue] {
        Dictionary(uniqueKeysWithValues: Self.fields.map { ($0.name, $0.read(self)) })
    }
}

extension Hyperparameters: Codable {
    package init(from decoder: any Decoder) throws {
        let values = try decoder.singleValueContainer().decode([String: HyperparameterValue].self)
        self = try Hyperparameters().setting(values)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}
