/// The position-wise network linear2(dropout(relu(linear1(x)))) of a Transformer block.
struct FeedForward: Sendable {
    let linear1: Linear
    let linear2: Linear
    private let dropout: Float

    /// - Parameters:
    ///   - name: that of the block: its parameters are `name.linear1` and `name.linear2`.
    ///   - isExact: whether predictions in int8 leave it out.
    init(_ layout: inout ParameterLayout, _ name: String, _ shape: TransformerShape, isExact: Bool = false) {
        let (width, inner) = (shape.width, shape.feedForward)
        linear1 = Linear(&layout, "\(name).linear1", input: width, output: inner, isExact: isExact)
        linear2 = Linear(&layout, "\(name).linear2", input: inner, output: width, isExact: isExact)
        dropout = shape.dropout
    }

    var parameters: [Parameter] { linear1.parameters + linear2.parameters }

    func callAsFunction(_ x: Variable, on tape: Tape) -> Variable {
        linear2(linear1(x, on: tape, activation: .relu, dropout: dropout), on: tape)
    }
}
