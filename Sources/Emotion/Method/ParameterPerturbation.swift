import Engine

/// The perturbation ε of adversarial parameter perturbation (section 3.4 of the paper, equation 14).
struct Perturbation {
    /// ε by parameter. A tensor without gradient is not perturbed and not in it.
    let epsilon: [(parameter: Parameter, values: Tensor)]

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
            guard isRandom else { return gradients.tensor(parameter) }
            let random = Random.perturbation.philox(randomness, index)
            return Tensor(random.normals(count: parameter.count), shape: parameter.shape)
        }
        let norms = Parallel.map(directions.count) { directions[$0].norm }
        let total = norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
        epsilon = Parallel.map(perturbed.count) { index in
            guard norms[index] > 0 else { return nil }
            let norm = hyperparameters.perturbationNorm == .global ? total : norms[index]
            return (perturbed[index], directions[index].scaled(by: Double(hyperparameters.gamma) / norm))
        }.compactMap { $0 }
    }

    /// Runs `body` while the parameters are θ + ε, and puts back exactly what was there.
    func applied<Result>(to parameters: Parameters, _ body: () -> Result) -> Result {
        let originals = Parallel.map(epsilon.count) { parameters.add(epsilon[$0].values, to: epsilon[$0].parameter) }
        defer {
            Parallel.forEach(epsilon.count) { parameters.set(epsilon[$0].parameter, to: originals[$0]) }
        }
        return body()
    }
}
