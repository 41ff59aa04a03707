import CKernels

/// The values of all parameters of a model, which a training changes in place, or from which predictions are made.
package final class Parameters: Sendable {
    package let layout: ParameterLayout
    /// What products with weights are computed in, but for those in int8.
    package let precision: Precision
    package let form: ParameterForm
    /// Of all parameters one after another; in another form than the plain one, of those that are no matrices of products.
    private let storage: Storage
    private let matrices: PackedMatrices

    /// Parameters drawn from `seed` by the initializer of each. A parameter's draw depends on its place in the layout.
    ///
    /// - Parameter precision: one that the machine has.
    package convenience init(
        layout: ParameterLayout, seed: UInt64, precision: Precision = .float32, form: ParameterForm = .plain
    ) {
        self.init(layout: layout, precision: precision, form: form) { parameter, index in
            layout.initializers[index].values(parameter, Philox(seed: seed, step: 0, operation: UInt32(index)))
        }
    }

    /// Parameters from `values(parameter)`, which gives each one's elements in row-major order.
    package convenience init(
        layout: ParameterLayout, precision: Precision = .float32, form: ParameterForm = .plain,
        values: (Parameter) throws -> [Float]
    ) rethrows {
        try self.init(layout: layout, precision: precision, form: form) { parameter, _ in try values(parameter) }
    }

    private init(
        layout: ParameterLayout, precision: Precision, form: ParameterForm,
        each values: (Parameter, _ index: Int) throws -> [Float]
    ) rethrows {
        (self.layout, self.precision, self.form) = (layout, precision, form)
        let storage = Storage(count: form == .plain ? layout.count : layout.compactCount)
        var matrices = PackedMatrices(form, precision)
        for (index, parameter) in layout.parameters.enumerated() {
            let source = try values(parameter, index)
            precondition(source.count == parameter.count, "\(parameter.name) has \(source.count) values")
            if let offset = parameter.offset(in: form) {
                (storage.pointer + offset).initialize(from: source, count: source.count)
            } else {
                matrices.add(parameter, layout.uses[index], source)
            }
        }
        (self.storage, self.matrices) = (storage, matrices)
    }

    /// An independent copy, for keeping the parameters of the best epoch.
    package func copy() -> Parameters { Parameters(layout: layout, precision: precision, values: values) }

    /// The first element of a parameter, which is no matrix of products unless the form is the plain one.
    package func pointer(_ parameter: Parameter) -> UnsafeMutablePointer<Float> {
        guard let offset = parameter.offset(in: form) else { preconditionFailure("\(parameter.name) was packed") }
        return storage.pointer + offset
    }

    /// A weight [out, in] as an operand of products.
    ///
    /// - Precondition: the form is the plain one.
    func matrix(_ weight: Parameter) -> MatrixProduct.Operand { operand(weight, transposed: false) }

    /// Wᵀ of a weight [out, in], as B of a product.
    func transposed(_ weight: Parameter) -> MatrixProduct.Operand {
        form == .plain ? operand(weight, transposed: true) : matrices.transposed(weight)
    }

    /// A weight of a linear layer where it is in int8.
    func quantized(_ weight: Parameter) -> QuantizedMatrix? { form == .int8 ? matrices.quantized(weight) : nil }

    private func operand(_ weight: Parameter, transposed: Bool) -> MatrixProduct.Operand {
        precondition(form == .plain, "\(weight.name) was packed")
        return .init(storage, at: weight.offset, stride: weight.shape[1], transposed: transposed)
    }

    /// Whether no value is NaN or infinite.
    package var isFinite: Bool { Elementwise.isFinite(start, count: layout.count) }

    package func values(_ parameter: Parameter) -> [Float] {
        Array(UnsafeBufferPointer(start: pointer(parameter), count: parameter.count))
    }

    /// Those of all parameters, one after another.
    package var values: [Float] { Array(UnsafeBufferPointer(start: start, count: layout.count)) }

    /// Changes a parameter by `change`, and returns what it was.
    package func add(_ change: Tensor, to parameter: Parameter) -> Tensor {
        let before = Tensor(copying: pointer(parameter), shape: parameter.shape)
        ck_add(change.pointer, pointer(parameter), parameter.count)
        return before
    }

    package func set(_ parameter: Parameter, to value: Tensor) {
        pointer(parameter).update(from: value.pointer, count: parameter.count)
    }

    /// The first of all elements.
    var start: UnsafeMutablePointer<Float> {
        precondition(form == .plain, "matrices were packed")
        return storage.pointer
    }
}

extension Parameter {
    /// Position of the first element among the values that a form keeps; nil for a matrix that it packs.
    fileprivate func offset(in form: ParameterForm) -> Int? { form == .plain ? offset : compactOffset }
}

extension Initializer {
    fileprivate func values(_ parameter: Parameter, _ philox: Philox) -> [Float] {
        let bound: Float
        switch self {
        case .zeros: return [Float](repeating: 0, count: parameter.count)
        case .ones: return [Float](repeating: 1, count: parameter.count)
        case .uniform(let fanIn): bound = 1 / Float(fanIn).squareRoot()
        case .xavierUniform: bound = (6 / Float(parameter.shape[0] + parameter.shape[1])).squareRoot()
        }
        return (0..<parameter.count).map { (2 * Philox.uniform(philox.word(at: $0)) - 1) * bound }
    }
}
