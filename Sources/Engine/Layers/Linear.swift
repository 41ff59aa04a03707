/// An affine map x Wᵀ + b of the last axis.
package struct Linear: Sendable {
    package let weight: Parameter
    package let bias: Parameter

    /// - Parameters:
    ///   - biasInitializer: U(±1/√input) unless given.
    ///   - isExact: whether predictions in int8 leave it out.
    ///   - use: of the weight; as a factor of products of all outputs together unless given.
    package init(
        _ layout: inout ParameterLayout,
        _ name: String,
        input: Int,
        output: Int,
        biasInitializer: Initializer? = nil,
        isExact: Bool = false,
        use: ParameterUse? = nil
    ) {
        weight = layout.add(
            "\(name).weight", [output, input], .xavierUniform,
            use: use ?? .factors([.init(0..<output, isExact: isExact)]))
        bias = layout.add("\(name).bias", [output], biasInitializer ?? .uniform(fanIn: input))
    }

    private init(weight: Parameter, bias: Parameter) {
        self.weight = weight
        self.bias = bias
    }

    var parameters: [Parameter] { [weight, bias] }

    /// The part of the map that gives some of the outputs.
    func outputs(_ range: Range<Int>) -> Linear { Linear(weight: weight.rows(range), bias: bias.rows(range)) }

    /// [rows, input] → [rows, output]
    package func callAsFunction(
        _ x: Variable,
        on tape: Tape,
        activation: Activation = .identity,
        dropout: Float = 0
    ) -> Variable {
        tape.linear(x, weight: weight, bias: bias, activation: activation, dropout: dropout)
    }
}
