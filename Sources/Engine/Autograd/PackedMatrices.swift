/// How the matrices that products multiply by are kept.
package enum ParameterForm: Sendable, Hashable {
    /// As they are, so that a training can change them.
    case plain
    /// For predictions alone: laid out once for products, and nowhere as they were.
    case packed
    /// The same, but those of linear layers in 8 bits, on a processor that multiplies in them (``ParameterForm/hasInt8``).
    case int8

    package static var hasInt8: Bool { QuantizedMatrix.isAvailable }
}

/// The matrices of parameters that only predict, by the place of their first element in the layout.
struct PackedMatrices: Sendable {
    private enum Matrix {
        case operand(MatrixProduct.Operand)
        case quantized(QuantizedMatrix)
    }

    private let form: ParameterForm
    private let precision: Precision
    private var matrices: [Int: Matrix] = [:]

    init(_ form: ParameterForm, _ precision: Precision) { (self.form, self.precision) = (form, precision) }

    /// Packs a matrix [out, in] for its use.
    mutating func add(_ parameter: Parameter, _ use: ParameterUse, _ values: [Float]) {
        lazy var storage = Storage(copying: values)
        for (part, isExact) in Self.parts(parameter, use) {
            let (n, k) = (part.shape[0], part.shape[1])
            let start = part.offset - parameter.offset
            matrices[part.offset] =
                Self.isQuantized(part, isExact, form)
                ? .quantized(
                    values.withUnsafeBufferPointer { QuantizedMatrix($0.baseAddress! + start, output: n, input: k) })
                : .operand(
                    MatrixProduct.Operand(storage, at: start, stride: k, transposed: true)
                        .packed(k: k, n: n, precision: precision))
        }
    }

    /// Wᵀ of a weight [out, in].
    func transposed(_ weight: Parameter) -> MatrixProduct.Operand {
        guard case .operand(let operand) = matrices[weight.offset] else {
            preconditionFailure("\(weight.name) was not packed as this part")
        }
        return operand
    }

    /// A weight in int8, nil where it is not.
    func quantized(_ weight: Parameter) -> QuantizedMatrix? {
        guard case .quantized(let matrix) = matrices[weight.offset] else { return nil }
        return matrix
    }

    /// What a parameter is used as, each on its own.
    private static func parts(_ parameter: Parameter, _ use: ParameterUse) -> [(part: Parameter, isExact: Bool)] {
        switch use {
        case .values: []
        case .factors(let factors): factors.map { (parameter.rows($0.rows), $0.isExact) }
        }
    }

    private static func isQuantized(_ part: Parameter, _ isExact: Bool, _ form: ParameterForm) -> Bool {
        form == .int8 && !isExact && part.shape[1] <= QuantizedMatrix.largestInput
    }
}

extension ParameterLayout {
    /// The bytes that parameters take in a form.
    package func bytes(_ form: ParameterForm, _ precision: Precision) -> Int {
        guard form != .plain else { return 4 * count }
        return zip(parameters, uses).reduce(4 * compactCount) {
            $0 + PackedMatrices.bytes($1.0, $1.1, form, precision)
        }
    }
}

extension PackedMatrices {
    fileprivate static func bytes(
        _ parameter: Parameter, _ use: ParameterUse, _ form: ParameterForm, _ precision: Precision
    ) -> Int {
        parts(parameter, use).reduce(0) { bytes, factor in
            let part = factor.part
            let (n, k) = (part.shape[0], part.shape[1])
            if isQuantized(part, factor.isExact, form) { return bytes + QuantizedMatrix.bytes(output: n, input: k) }
            guard case .builtIn(let level) = GEMMBackend.of(precision) else { return bytes + 4 * part.count }
            return bytes + PackedMatrix.bytes(k: k, n: n, level: level)
        }
    }
}
