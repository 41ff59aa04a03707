package import Engine

/// One optimizer step: the gradient of the ``Objective``, which makes the passes of Algorithm 1, and AdamW (section 4.1.3 of
/// the paper).
package struct TrainingStep {
    private let objective: Objective
    private let gradients: Gradients
    private let optimizer: AdamW
    private let schedule: LearningRateSchedule
    private let clipNorm: Float
    private let seed: UInt64

    /// The result of a step.
    package struct Outcome: Sendable {
        package let losses: Objective.Losses
        /// Before clipping.
        package let gradientNorm: Float
        package let learningRate: Float
    }

    /// - Parameters:
    ///   - parameters: changed in place by every step.
    ///   - optimizer: the same; nil for one that has taken no step.
    package init(
        network: Network, parameters: Parameters, optimizer: AdamW? = nil, schedule: LearningRateSchedule, seed: UInt64
    ) {
        let hyperparameters = network.configuration.hyperparameters
        objective = Objective(network: network, parameters: parameters)
        self.schedule = schedule
        self.seed = seed
        gradients = Gradients(layout: network.layout)
        self.optimizer = optimizer ?? AdamW(layout: network.layout, weightDecay: hyperparameters.weightDecay)
        clipNorm = hyperparameters.clipNorm
    }

    /// Steps taken so far.
    package var steps: Int { optimizer.steps }

    /// Whether the parameters and the moments of their gradients are numbers that training can go on from.
    package var isFinite: Bool { objective.parameters.isFinite && optimizer.isFinite }

    /// Trains on one batch of labelled clips.
    package func callAsFunction(_ batch: Clips) -> Outcome {
        let learningRate = schedule.rate(at: steps)
        gradients.reset()
        let losses = objective(batch, .init(seed: seed, step: UInt32(steps + 1)), into: gradients).losses
        let norm = gradients.norm
        if clipNorm > 0, norm > clipNorm { gradients.scale(by: clipNorm / norm) }
        optimizer.step(objective.parameters, gradients, learningRate: learningRate)
        return Outcome(losses: losses, gradientNorm: norm, learningRate: learningRate)
    }
}
