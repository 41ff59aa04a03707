import CKernels

/// The values of all parameters of a model, in one flat buffer.
package struct Parameters: Sendable {
    package let layout: ParameterLayout
    package private(set) var flat: Tensor
    /// What products with weights are computed in.
    package private(set) var precision = Precision.float32
    private var packing: WeightPacking?

    /// Parameters drawn from `seed` by the initialiser of each. A parameter's draw depends on its place in the layout.
    package init(layout: ParameterLayout, seed: UInt64) {
        self.layout = layout
        flat = Tensor(zeros: [layout.count])
        for (index, (parameter, initializer)) in zip(layout.parameters, layout.initializers).enumerated() {
            let philox = Philox(seed: seed, step: 0, operation: UInt32(index))
            fill(parameter, initializer, philox)
        }
    }

    /// Parameters from `values(parameter)`, which gives each one's elements in row-major order.
    package init(layout: ParameterLayout, values: (Parameter) throws -> [Float]) rethrows {
        self.layout = layout
        flat = Tensor(uninitialized: [layout.count])
        for parameter in layout.parameters {
            let source = try values(parameter)
            precondition(source.count == parameter.count, "\(parameter.name) has \(source.count) values")
            pointer(parameter).initialize(from: source, count: source.count)
        }
    }

    package func pointer(_ parameter: Parameter) -> UnsafeMutablePointer<Float> { flat.pointer + parameter.offset }

    /// The same parameters, not a copy, computing in a precision that the machine has.
    package func computing(in precision: Precision) -> Parameters {
        var parameters = self
        parameters.precision = precision
        parameters.packing = nil
        return parameters
    }

    /// The same parameters for predictions: matrices are packed once instead of for every product. None may change from
    /// here on.
    package func packed() -> Parameters {
        var packed = self
        packed.packing = WeightPacking(precision: precision)
        return packed
    }

    var isPacked: Bool { packing != nil }

    /// Wᵀ of a weight [out, in], as B of a product.
    func transposed(_ weight: Parameter) -> MatrixProduct.Operand {
        packing?.transposed(weight, at: pointer(weight))
            ?? .init(pointer(weight), stride: weight.shape[1], transposed: true)
    }

    /// Whether no value is NaN or infinite.
    package var isFinite: Bool { Elementwise.isFinite(flat) }

    package func values(_ parameter: Parameter) -> [Float] {
        Array(UnsafeBufferPointer(start: pointer(parameter), count: parameter.count))
    }

    /// Adds `change` to a parameter, and returns what it was.
    package func add(_ change: Tensor, to parameter: Parameter) -> Tensor {
        let before = Tensor(copying: pointer(parameter), shape: parameter.shape)
        ck_add(change.pointer, pointer(parameter), parameter.count)
        return before
    }

    package func set(_ parameter: Parameter, to value: Tensor) {
        pointer(parameter).update(from: value.pointer, count: parameter.count)
    }

    /// An independent copy, for keeping the parameters of the best epoch.
    package func copy() -> Parameters {
        var copy = self
        copy.packing = nil
        copy.flat = Tensor(uninitialized: flat.shape)
        copy.flat.pointer.update(from: flat.pointer, count: flat.count)
        return copy
    }

    private func fill(_ parameter: Parameter, _ initializer: Initializer, _ philox: Philox) {
        let bound: Float
        switch initializer {
        case .zeros: return
        case .ones: return pointer(parameter).update(repeating: 1, count: parameter.count)
        case .uniform(let fanIn): bound = 1 / Float(fanIn).squareRoot()
        case .xavierUniform: bound = (6 / Float(parameter.shape[0] + parameter.shape[1])).squareRoot()
        }
        for index in 0..<parameter.count {
            pointer(parameter)[index] = (2 * Philox.uniform(philox.word(at: index)) - 1) * bound
        }
    }
}

/// Gradients of all parameters of a model, laid out like ``Parameters``.
package struct Gradients: Sendable {
    package let layout: ParameterLayout
    package let flat: Tensor

    /// Gradients that are all zero.
    package init(layout: ParameterLayout) {
        self.layout = layout
        flat = Tensor(zeros: [layout.count])
    }

    package func pointer(_ parameter: Parameter) -> UnsafeMutablePointer<Float> { flat.pointer + parameter.offset }

    package func values(_ parameter: Parameter) -> [Float] {
        Array(UnsafeBufferPointer(start: pointer(parameter), count: parameter.count))
    }

    /// A copy of the gradient of a parameter.
    package func tensor(_ parameter: Parameter) -> Tensor {
        Tensor(copying: pointer(parameter), shape: parameter.shape)
    }

    package func reset() {
        Elementwise.forEachChunk(flat.count) { (flat.pointer + $0.lowerBound).update(repeating: 0, count: $0.count) }
    }

    /// The Euclidean norm over all parameters.
    package var norm: Float {
        let squares = Elementwise.mapChunks(flat.count) { ck_sum_of_squares(flat.pointer + $0.lowerBound, $0.count) }
        return Float(squares.reduce(0, +).squareRoot())
    }

    package func scale(by factor: Float) {
        Elementwise.forEachChunk(flat.count) { ck_scale(factor, flat.pointer + $0.lowerBound, $0.count) }
    }
}
