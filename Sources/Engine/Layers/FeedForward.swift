/// The position-wise network linear2(dropout(relu(linear1(x)))) of a Transformer block.
struct FeedForward: Sendable {
    let linear1: Linear
    let linear2: Linear
    private let dropout: Float

    /// - Parameter name: that of the block: its parameters are `name.linear1` and `name.linear2`.
    init(_ layout: inout ParameterLayout, _ name: String, _ shape: TransformerShape) {
        linear1 = Linear(&layout, "\(name).linear1", input: shape.width, output: shape.feedForward)
        linear2 = Linear(&layout, "\(name).linear2", input: shape.feedForward, output: shape.width)
        dropout = shape.dropout
    }

    var parameters: [Parameter] { linear1.parameters + linear2.parameters }

    func callAsFunction(_ x: Variable, on tape: Tape) -> Variable {
        linear2(linear1(x, on: tape, activation: .relu, dropout: dropout), on: tape)
    }
}
