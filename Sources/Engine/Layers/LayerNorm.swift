/// Layer normalisation over the last axis with gain and bias (Ba et al. 2016).
package struct LayerNorm: Sendable {
    package let weight: Parameter
    package let bias: Parameter
    private let epsilon: Float

    package init(_ layout: inout ParameterLayout, _ name: String, width: Int, epsilon: Float) {
        weight = layout.add("\(name).weight", [width], .ones)
        bias = layout.add("\(name).bias", [width], .zeros)
        self.epsilon = epsilon
    }

    var parameters: [Parameter] { [weight, bias] }

    package func callAsFunction(_ x: Variable, on tape: Tape) -> Variable {
        tape.layerNorm(x, gain: weight, bias: bias, epsilon: epsilon)
    }

    /// LayerNorm(residual + dropout(x)), the seam between the sublayers of a post-norm Transformer.
    package func callAsFunction(_ x: Variable, addedTo residual: Variable, dropout: Float, on tape: Tape) -> Variable {
        tape.layerNorm(x, residual: residual, gain: weight, bias: bias, epsilon: epsilon, dropout: dropout)
    }
}
