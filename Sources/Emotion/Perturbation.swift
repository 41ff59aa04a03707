import Engine

/// The perturbation ε of adversarial parameter perturbation (section 3.4 of the paper, equation 14).
struct Perturbation {
    /// ε by parameter. A tensor without gradient is not perturbed and not in it.
    let epsilon: [(parameter: Parameter, values: [Float])]

    /// ε = γ g/‖g‖₂ of the perturbed parameters.
    ///
    /// - Parameters:
    ///   - gradients: g; with `app: random`, g is drawn from the normal distribution instead.
    ///   - randomness: of the step, for that draw.
    init(network: Network, gradients: Gradients, randomness: Tape.Randomness) {
        let hyperparameters = network.configuration.hyperparameters
        let perturbed = network.parameters(of: hyperparameters.perturbedModules)
            .filter { hyperparameters.perturbationScope.contains($0.group) }
            .map(\.parameter)
        let isRandom = hyperparameters.parameterPerturbation == .random
        let directions = Parallel.map(perturbed.count) { index in
            let parameter = perturbed[index]
            let random = Random.perturbation.philox(randomness, index)
            return isRandom ? random.normals(count: parameter.count) : gradients.values(parameter)
        }
        let norms = Parallel.map(directions.count) { index in
            directions[index].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
        let total = norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
        epsilon = Parallel.map(perturbed.count) { index in
            guard norms[index] > 0 else { return nil }
            let norm = hyperparameters.perturbationNorm == .global ? total : norms[index]
            // Not by a factor in single precision, which for a tiny norm would be infinite.
            let gamma = Double(hyperparameters.gamma)
            return (perturbed[index], directions[index].map { Float(gamma * Double($0) / norm) })
        }.compactMap { $0 }
    }

    /// Runs `body` while the parameters are θ + ε, and puts back exactly what was there.
    func applied<Result>(to parameters: Parameters, _ body: () -> Result) -> Result {
        let originals = epsilon.map { parameters.values($0.parameter) }
        for (parameter, values) in epsilon {
            for (index, value) in values.enumerated() { parameters.pointer(parameter)[index] += value }
        }
        defer {
            for (perturbed, original) in zip(epsilon, originals) {
                parameters.pointer(perturbed.parameter).update(from: original, count: original.count)
            }
        }
        return body()
    }
}
