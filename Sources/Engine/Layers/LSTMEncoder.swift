/// A stack of LSTM layers and a final LayerNorm, in place of a ``TransformerEncoder``.
package struct LSTMEncoder: Sendable {
    private let layers: [LSTMLayer]
    private let norm: LayerNorm
    private let dropout: Float

    /// - Parameter shape: of which width, dropout (between layers) and the norm's epsilon count.
    package init(_ layout: inout ParameterLayout, _ name: String, blocks: Int, _ shape: TransformerShape) {
        layers = (0..<blocks).map { LSTMLayer(&layout, "\(name).layers.\($0)", width: shape.width) }
        norm = LayerNorm(&layout, "\(name).norm", width: shape.width, epsilon: shape.layerNormEpsilon)
        dropout = shape.dropout
    }

    package var parameters: [GroupedParameter] {
        layers.flatMap(\.parameters).grouped(.recurrence) + norm.parameters.grouped(.other)
    }

    /// Encodes the rows of each clip: [rows, width] → [rows, width]
    package func callAsFunction(_ x: Variable, _ segments: Segments, on tape: Tape) -> Variable {
        var x = x
        for (index, layer) in layers.enumerated() {
            if index > 0 { x = tape.dropout(x, rate: dropout) }
            x = layer(x, segments, on: tape)
        }
        return norm(x, on: tape)
    }
}

/// One long short-term memory, from width to width.
struct LSTMLayer: Sendable {
    private let inputWeight: Parameter
    private let recurrentWeight: Parameter
    private let bias: Parameter

    /// - Parameter name: its parameters are `name.weight_ih`, `name.weight_hh` and `name.bias`.
    init(_ layout: inout ParameterLayout, _ name: String, width: Int) {
        let use = ParameterUse.factors([.init(0..<4 * width, isExact: true)])
        inputWeight = layout.add("\(name).weight_ih", [4 * width, width], .xavierUniform, use: use)
        recurrentWeight = layout.add("\(name).weight_hh", [4 * width, width], .xavierUniform, use: use)
        bias = layout.add("\(name).bias", [4 * width], .uniform(fanIn: width))
    }

    var parameters: [Parameter] { [inputWeight, recurrentWeight, bias] }

    func callAsFunction(_ x: Variable, _ segments: Segments, on tape: Tape) -> Variable {
        tape.lstm(x, segments, inputWeight: inputWeight, recurrentWeight: recurrentWeight, bias: bias)
    }
}
