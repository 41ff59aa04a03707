import Engine
import TestSupport
import Testing

@testable import Emotion

@Suite("Parameter perturbation")
struct PerturbationTests {
    typealias Module = Hyperparameters.Module
    typealias Scope = Hyperparameters.PerturbationScope

    static let moduleSets: [[Module]] = [
        [.unimodal], [.multimodal], [.decoder], [.unimodal, .decoder], [.unimodal, .multimodal, .decoder],
    ]

    private static func norm(_ values: some Sequence<Float>) -> Float {
        Float(values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
    }

    @Test(
        "each tensor has the norm gamma, or all together",
        arguments: [Hyperparameters.ParameterPerturbation.on, .random],
        moduleSets)
    func norms(perturbation: Hyperparameters.ParameterPerturbation, modules: [Module]) throws {
        for norm in Hyperparameters.PerturbationNorm.allCases {
            let step = ObjectiveCase(
                .make {
                    ($0.parameterPerturbation, $0.perturbedModules) = (perturbation, modules)
                    ($0.perturbationNorm, $0.gamma) = (norm, 0.25)
                })
            let epsilon = try #require(step.run().passes.perturbation).epsilon
            switch norm {
            case .perTensor:
                for (parameter, values) in epsilon {
                    expectClose([Self.norm(values.values)], [0.25], relative: 1e-5, parameter.name)
                }
            case .global: expectClose([Self.norm(epsilon.flatMap { $0.values.values })], [0.25], relative: 1e-5)
            }
        }
    }

    @Test("a gradient near zero has the norm gamma all the same", arguments: Hyperparameters.PerturbationNorm.allCases)
    func tinyGradient(norm: Hyperparameters.PerturbationNorm) throws {
        let network = Network(.make { ($0.perturbationNorm, $0.gamma) = (norm, 0.25) })
        let gradients = Gradients(layout: network.layout)
        // The smallest number there is, beside zeros.
        let parameter = try #require(
            network.layout.parameters.first { $0.name.hasPrefix("encoder.multimodal.layers.0") })
        gradients.pointer(parameter)[1] = .leastNonzeroMagnitude
        let perturbation = Perturbation(network: network, gradients: gradients, randomness: .init(seed: 1, step: 1))
        #expect(perturbation.epsilon.map(\.parameter) == [parameter])
        #expect(perturbation.epsilon[0].values.values == (0..<parameter.count).map { $0 == 1 ? 0.25 : 0 })
    }

    @Test("along the gradient of the recognition loss, all tensors by one factor when the norm is global")
    func direction() throws {
        let step = ObjectiveCase(.make { $0.perturbationNorm = .global })
        let epsilon = try #require(step.run().passes.perturbation).epsilon
        // The same step without the other losses.
        let alone = ObjectiveCase(.make { ($0.rho, $0.sigma) = (0, 0) }).run().gradients
        let gradient = epsilon.flatMap { alone.values($0.parameter) }
        let factor = Double(0.1 / Self.norm(gradient))
        expectClose(
            epsilon.flatMap { $0.values.values }, gradient.map { Float(factor * Double($0)) }, relative: 1e-4,
            absolute: 1e-7)
    }

    @Test("the accumulated gradient is that of both losses before", arguments: [[Module.multimodal], [.unimodal]])
    func accumulated(modules: [Module]) throws {
        let change: @Sendable (inout Hyperparameters) -> Void = {
            ($0.perturbationNorm, $0.perturbedModules, $0.rho) = (.global, modules, 2)
        }
        let step = ObjectiveCase(
            .make {
                change(&$0)
                $0.perturbationSource = .accumulated
            })
        let epsilon = try #require(step.run().passes.perturbation).epsilon
        let alone = ObjectiveCase(
            .make {
                change(&$0)
                $0.sigma = 0
            }
        ).run().gradients
        let gradient = epsilon.flatMap { alone.values($0.parameter) }
        let factor = 0.1 / Self.norm(gradient)
        expectClose(epsilon.flatMap { $0.values.values }, gradient.map { factor * $0 }, relative: 1e-3, absolute: 1e-6)
    }

    /// The parts of the names of parameters in each scope.
    private static func isIn(_ scope: Scope, _ name: String) -> Bool {
        let isAttention = name.contains("_attention.")
        let isFeedForward = name.contains(".linear1.") || name.contains(".linear2.")
        switch scope {
        case .attention: return isAttention
        case .feedForward: return isFeedForward
        case .attentionAndFeedForward: return isAttention || isFeedForward
        case .all: return true
        }
    }

    private static func isIn(_ module: Module, _ name: String) -> Bool {
        switch module {
        case .unimodal: name.hasPrefix("encoder.text.") || name.hasPrefix("encoder.audio.")
        case .multimodal: name.hasPrefix("encoder.multimodal.")
        case .decoder: name.hasPrefix("decoder.")
        }
    }

    @Test(
        "only parameters of the scope and of the modules are perturbed, and all of these", arguments: Scope.allCases,
        moduleSets)
    func parameters(scope: Scope, modules: [Module]) throws {
        let step = ObjectiveCase(.make { ($0.perturbationScope, $0.perturbedModules) = (scope, modules) })
        let epsilon = try #require(step.run().passes.perturbation).epsilon
        let expected = step.network.layout.parameters.map(\.name).filter { name in
            modules.contains { Self.isIn($0, name) } && Self.isIn(scope, name)
        }
        #expect(!expected.isEmpty)
        #expect(epsilon.map { $0.parameter.name }.sorted() == expected.sorted())
        for (parameter, values) in epsilon { #expect(values.count == parameter.count) }
    }

    @Test("every scope has the gates of an LSTM, and only all its norm", arguments: Scope.allCases)
    func recurrent(scope: Scope) throws {
        let step = ObjectiveCase(.make { ($0.backbone, $0.perturbationScope) = (.lstm, scope) })
        let names = try #require(step.run().passes.perturbation).epsilon.map { $0.parameter.name }
        let gates = ["weight_ih", "weight_hh", "bias"].map { "encoder.multimodal.layers.0.\($0)" }
        let norm = ["weight", "bias"].map { "encoder.multimodal.norm.\($0)" }
        #expect(Set(names) == Set(gates + (scope == .all ? norm : [])))
    }

    @Test(
        "the parameters are the same to the bit after the passes",
        arguments: [Hyperparameters.ParameterPerturbation.on, .random], moduleSets)
    func takenBack(perturbation: Hyperparameters.ParameterPerturbation, modules: [Module]) throws {
        let step = ObjectiveCase(
            .make {
                ($0.parameterPerturbation, $0.perturbedModules) = (perturbation, modules)
                ($0.perturbationScope, $0.gamma) = (.all, 1)
            })
        let before = step.parameters.values.map(\.bitPattern)
        let passes = step.run().passes
        #expect(step.parameters.values.map(\.bitPattern) == before)
        // And they were other ones during the third pass.
        #expect(try #require(passes.perturbed).values != passes.clean.values)
        #expect(try #require(passes.losses.perturbed) > 0)
    }

    @Test(
        "a perturbation of length 0 changes nothing: the dropout masks are those of the clean pass",
        arguments: moduleSets)
    func sameDropout(modules: [Module]) throws {
        let step = ObjectiveCase(.make { ($0.gamma, $0.dropout, $0.perturbedModules) = (0, 0.3, modules) })
        let passes = step.run().passes
        #expect(try #require(passes.perturbed).values == passes.clean.values)
        #expect(passes.losses.perturbed == 0)
        let dry = ObjectiveCase(.make { ($0.gamma, $0.dropout, $0.perturbedModules) = (0, 0, modules) })
        #expect(passes.clean.values != dry.run().passes.clean.values)
    }

    @Test("a random direction is drawn anew in each step, and is not the gradient's")
    func random() throws {
        func values(_ perturbation: Hyperparameters.ParameterPerturbation, step: UInt32) throws -> [[Float]] {
            let passes = ObjectiveCase(.make { $0.parameterPerturbation = perturbation }).run(step: step).passes
            return try #require(passes.perturbation).epsilon.map { $0.values.values }
        }
        let first = try values(.random, step: 1)
        #expect(try values(.random, step: 1) == first)
        #expect(try values(.random, step: 2) != first)
        // In hundreds of dimensions a random direction is nearly at right angles to any other.
        let gradient = try values(.on, step: 1)
        let along = zip(first.joined(), gradient.joined()).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        #expect(abs(along) < 0.3 * 0.01 * Float(first.count))
        // Tensors of one shape have directions of their own.
        #expect(first.indices.allSatisfy { i in first.indices.allSatisfy { $0 == i || first[$0] != first[i] } })
    }
}
