package import Engine

/// One optimisation step of natural training: the recognition loss L_r, its gradient, and AdamW.
package struct TrainingStep {
    private let network: Network
    private let parameters: Parameters
    private let gradients: Gradients
    private var optimizer: AdamW
    private let schedule: LearningRateSchedule
    private let clipNorm: Float
    private let seed: UInt64

    /// What a step came to.
    package struct Outcome: Sendable {
        package let recognitionLoss: Float
        /// Before clipping.
        package let gradientNorm: Float
        package let learningRate: Float
    }

    /// - Parameter parameters: changed in place by every step.
    package init(network: Network, parameters: Parameters, schedule: LearningRateSchedule, seed: UInt64) {
        let hyperparameters = network.configuration.hyperparameters
        self.network = network
        self.parameters = parameters
        self.schedule = schedule
        self.seed = seed
        gradients = Gradients(layout: network.layout)
        optimizer = AdamW(layout: network.layout, weightDecay: hyperparameters.weightDecay)
        clipNorm = hyperparameters.clipNorm
    }

    /// Steps taken so far.
    package var steps: Int { optimizer.steps }

    /// Trains on one batch of labelled clips.
    package mutating func callAsFunction(_ batch: Clips) -> Outcome {
        guard let labels = batch.labels else { preconditionFailure("training needs labelled clips") }
        let learningRate = schedule.rate(at: steps)
        let tape = Tape(parameters, recording: true, randomness: .init(seed: seed, step: UInt32(steps + 1)))
        gradients.reset()
        let logits = network(batch, on: tape)
        let (loss, gradient) = binaryCrossEntropy(logits: logits.value, labels: labels)
        tape.backward([(logits, gradient)], into: gradients)
        let norm = gradients.norm
        if clipNorm > 0, norm > clipNorm { gradients.scale(by: clipNorm / norm) }
        optimizer.step(parameters, gradients, learningRate: learningRate)
        return Outcome(recognitionLoss: loss, gradientNorm: norm, learningRate: learningRate)
    }
}
