package import Engine

/// The objective of training, L = L_r + ρ L_m + σ L_p (equation 15 of the paper), and its gradient: lines 3 to 17 of
/// Algorithm 1, and the sum of line 19, whose step of AdamW ``TrainingStep`` takes.
///
/// A pass of the algorithm is one or more tapes. A tape ends where passes meet: at the projected units Z^m, which the masks
/// apply to, and at the uni-modal encodings H^m, which the perturbed pass shares with the clean one (see ``Seam``).
package struct Objective: Sendable {
    let network: Network
    let parameters: Parameters

    private var hyperparameters: Hyperparameters { network.configuration.hyperparameters }

    package init(network: Network, parameters: Parameters) {
        self.network = network
        self.parameters = parameters
    }

    /// The three losses of a batch, before weighting; nil for a pass that the hyperparameters leave out.
    package struct Losses: Sendable {
        package var recognition: Float
        package var masked: Float?
        package var perturbed: Float?

        /// Whether each of them is a number. A loss can overflow while the gradient of the step stays finite.
        var isFinite: Bool { [recognition, masked, perturbed].allSatisfy { $0?.isFinite ?? true } }
    }

    /// What the passes over a batch came to.
    struct Passes {
        var losses: Losses
        /// y*, the logits of the clean pass [B, K].
        let clean: Tensor
        /// ŷ*, those of the masked or augmented pass.
        var masked: Tensor?
        /// ỹ*, those of the perturbed pass.
        var perturbed: Tensor?
        /// s^m and m^m of each modality, [rows, 1].
        var scores: [Tensor] = []
        var masks: [Tensor] = []
        var perturbation: Perturbation?
    }

    /// Computes the losses of a batch of labelled clips.
    ///
    /// - Parameters:
    ///   - randomness: of this step.
    ///   - gradients: all zero; ∇L is added.
    func callAsFunction(_ batch: Clips, _ randomness: Tape.Randomness, into gradients: Gradients) -> Passes {
        guard let labels = batch.labels else { preconditionFailure("training needs labelled clips") }
        let tape = { (operations: UInt32) in
            Tape(parameters, recording: true, randomness: randomness, after: operations)
        }
        let recognitionLoss = { (logits: Tensor) in hyperparameters.loss(logits: logits, labels: labels) }

        // ▷ Emotion recognition: y* = D(E^m(E^t(x^t), …)), L_r and its gradient (lines 3 to 6).
        let projection = Seam(tape(0))
        let x = network.project(batch, on: projection.tape)
        let unimodal = Seam(tape(projection.tape.randomOperations), from: x, of: projection)
        let z = unimodal.inputs
        let h = network.encode(z, on: unimodal.tape)
        let multimodal = tape(unimodal.tape.randomOperations)
        let clean = pass(on: multimodal, from: h, of: unimodal, weight: 1, into: gradients) {
            network.recognise($0, on: multimodal)
        } loss: {
            recognitionLoss($0)
        }
        var passes = Passes(losses: Losses(recognition: clean.loss), clean: clean.logits)

        func perturbation() -> Perturbation {
            // g of the uni-modal encoders is still pending.
            if isPerturbedFromInput { unimodal.flush(into: gradients, keepingRecord: true) }
            return Perturbation(network: network, gradients: gradients, randomness: randomness)
        }
        let isPerturbed = hyperparameters.parameterPerturbation != .off
        if isPerturbed, hyperparameters.perturbationSource == .recognition { passes.perturbation = perturbation() }

        // ▷ Adversarial temporal masking: m = M(E(x)), x̂ = x ∘ m, ŷ*, L_m and its gradient, reversed for M (lines 7 to 12).
        var altered: [Units]?
        if let masking = TemporalMasking(network: network, randomness: randomness)(h, on: unimodal.tape) {
            passes.scores = masking.scores.map(\.rows.value)
            passes.masks = masking.masks.map(\.rows.value)
            altered = zip(z, masking.masks).map { $0.with(unimodal.tape.scaleRows(of: $0.rows, by: $1.rows)) }
        } else if hyperparameters.augmentation != .none {
            altered = Augmenter(objective: self, labels: labels, randomness: randomness)
                .augmented(z, on: unimodal.tape)
        }
        if let altered {
            let masked = tape(multimodal.randomOperations)
            let result = pass(on: masked, from: altered, of: unimodal, weight: hyperparameters.rho, into: gradients) {
                network.recognise(network.encode($0, on: masked), on: masked)
            } loss: {
                recognitionLoss($0)
            }
            (passes.losses.masked, passes.masked) = (result.loss, result.logits)
        }

        // ▷ Adversarial parameter perturbation: ε = γ g/‖g‖, ỹ* with θ + ε, L_p and its gradient (lines 13 to 17). The
        // masks of dropout are those of the clean pass.
        if isPerturbed {
            let epsilon = passes.perturbation ?? perturbation()
            passes.perturbation = epsilon
            let perturbed = tape((isPerturbedFromInput ? projection.tape : unimodal.tape).randomOperations)
            let result = epsilon.applied(to: parameters) {
                pass(
                    on: perturbed, from: isPerturbedFromInput ? z : h, of: unimodal, weight: hyperparameters.sigma,
                    into: gradients
                ) {
                    network.recognise(isPerturbedFromInput ? network.encode($0, on: perturbed) : $0, on: perturbed)
                } loss: {
                    hyperparameters.divergence(target: clean.logits, logits: $0)
                }
            }
            (passes.losses.perturbed, passes.perturbed) = (result.loss, result.logits)
        }

        // ▷ Optimization: what the passes left at the seams joins the gradient of L (line 19).
        unimodal.flush(into: gradients)
        projection.flush(into: gradients)
        return passes
    }

    /// Whether the perturbed pass has to begin at the projected units, as encoders of single modalities are perturbed.
    private var isPerturbedFromInput: Bool { hyperparameters.perturbedModules.contains(.unimodal) }

    /// A pass from units at a seam to its loss and back to the seam, where the gradient of weight · loss is left.
    ///
    /// - Returns: its logits and its loss.
    private func pass(
        on tape: Tape,
        from units: [Units],
        of seam: Seam,
        weight: Float,
        into gradients: Gradients,
        _ forward: ([Units]) -> Variable,
        loss: (Tensor) -> (loss: Float, gradient: Tensor)
    ) -> (logits: Tensor, loss: Float) {
        let inputs = units.inputs(of: tape)
        let logits = forward(inputs)
        let (loss, gradient) = loss(logits.value)
        let pass = tape.backward([(logits, gradient.scaled(by: Double(weight)))], into: gradients)
        seam.accumulate(inputs.gradients(from: pass), for: units)
        return (logits.value, loss)
    }
}
