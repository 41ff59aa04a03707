import Engine

/// What encodes sequences of units: a stack of Transformer blocks, or of LSTM layers in their place.
enum SequenceEncoder: Sendable {
    case transformer(TransformerEncoder)
    case lstm(LSTMEncoder)

    init(
        _ layout: inout ParameterLayout,
        _ name: String,
        _ backbone: Hyperparameters.Backbone,
        blocks: Int,
        _ shape: TransformerShape
    ) {
        switch backbone {
        case .transformer: self = .transformer(TransformerEncoder(&layout, name, blocks: blocks, shape))
        case .lstm: self = .lstm(LSTMEncoder(&layout, name, blocks: blocks, shape))
        }
    }

    var parameters: [GroupedParameter] {
        switch self {
        case .transformer(let encoder): encoder.parameters
        case .lstm(let encoder): encoder.parameters
        }
    }

    func callAsFunction(_ units: Units, on tape: Tape) -> Units {
        switch self {
        case .transformer(let encoder): units.with(encoder(units.rows, units.segments, on: tape))
        case .lstm(let encoder): units.with(encoder(units.rows, units.segments, on: tape))
        }
    }
}
