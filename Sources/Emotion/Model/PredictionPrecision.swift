package import Engine

/// The numbers that products multiply in predictions, where they are not to be those of the model's training.
package enum PredictionPrecision: String, Sendable, CaseIterable {
    /// bfloat16 on a machine that multiplies in it, else float32.
    case auto
    case float32
    case bfloat16
    /// 8 bits in the linear layers of encoders, which takes a processor with AVX512-VNNI; float32 in all else.
    case int8

    /// That of a model's training.
    package init(_ training: Hyperparameters.Precision) {
        self =
            switch training {
            case .auto: .auto
            case .float32: .float32
            case .bfloat16: .bfloat16
            }
    }

    /// What products outside of int8 are computed in; float32 on a machine that lacks bfloat16, which ``fault`` tells.
    package var products: Precision {
        switch self {
        case .auto, .bfloat16: GEMMBackend.has(.bfloat16) ? .bfloat16 : .float32
        case .float32, .int8: .float32
        }
    }

    /// How the parameters of a model are kept for it.
    package var form: ParameterForm { self == .int8 ? .int8 : .packed }

    /// Why predictions cannot be in this precision here, nil when they can.
    package var fault: String? {
        switch self {
        case .auto, .float32: nil
        case .bfloat16: Hyperparameters.Precision.bfloat16.fault
        case .int8:
            ParameterForm.hasInt8
                ? nil : "int8 is not available: this machine does not multiply in it (AVX512-VNNI); auto is"
        }
    }
}
