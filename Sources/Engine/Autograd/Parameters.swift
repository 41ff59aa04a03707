import CKernels
import Platform

/// The values of all parameters of a model, in one flat buffer that a training changes in place.
package final class Parameters: Sendable {
    package let layout: ParameterLayout
    /// What products with weights are computed in.
    package let precision: Precision
    private let storage: Storage
    private let packing: WeightPacking?

    /// Parameters drawn from `seed` by the initializer of each. A parameter's draw depends on its place in the layout.
    ///
    /// - Parameters:
    ///   - precision: one that the machine has.
    ///   - packed: whether they are for predictions alone: matrices are packed once instead of for every product, and none
    ///     may change.
    package init(layout: ParameterLayout, seed: UInt64, precision: Precision = .float32, packed: Bool = false) {
        self.layout = layout
        self.precision = precision
        packing = packed ? WeightPacking(precision: precision) : nil
        storage = Storage(zeros: layout.count)
        for (index, (parameter, initializer)) in zip(layout.parameters, layout.initializers).enumerated() {
            fill(parameter, initializer, Philox(seed: seed, step: 0, operation: UInt32(index)))
        }
    }

    /// Parameters from `values(parameter)`, which gives each one's elements in row-major order.
    package init(
        layout: ParameterLayout, precision: Precision = .float32, packed: Bool = false,
        values: (Parameter) throws -> [Float]
    ) rethrows {
        self.layout = layout
        self.precision = precision
        packing = packed ? WeightPacking(precision: precision) : nil
        storage = Storage(count: layout.count)
        for parameter in layout.parameters {
            let source = try values(parameter)
            precondition(source.count == parameter.count, "\(parameter.name) has \(source.count) values")
            pointer(parameter).initialize(from: source, count: source.count)
        }
    }

    /// An independent copy, for keeping the parameters of the best epoch.
    package func copy() -> Parameters {
        Parameters(layout: layout, precision: precision, packed: isPacked, values: values)
    }

    package func pointer(_ parameter: Parameter) -> UnsafeMutablePointer<Float> { storage.pointer + parameter.offset }

    var isPacked: Bool { packing != nil }

    /// A weight [out, in] as an operand of products.
    func matrix(_ weight: Parameter) -> MatrixProduct.Operand {
        .init(storage, at: weight.offset, stride: weight.shape[1])
    }

    /// Wᵀ of a weight [out, in], as B of a product.
    func transposed(_ weight: Parameter) -> MatrixProduct.Operand {
        let matrix = MatrixProduct.Operand(storage, at: weight.offset, stride: weight.shape[1], transposed: true)
        return packing?.transposed(weight, matrix) ?? matrix
    }

    /// Whether no value is NaN or infinite.
    package var isFinite: Bool { Elementwise.isFinite(storage.pointer, count: layout.count) }

    package func values(_ parameter: Parameter) -> [Float] {
        Array(UnsafeBufferPointer(start: pointer(parameter), count: parameter.count))
    }

    /// Those of all parameters, one after another.
    package var values: [Float] { Array(UnsafeBufferPointer(start: storage.pointer, count: layout.count)) }

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
    var start: UnsafeMutablePointer<Float> { storage.pointer }

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

/// The matrices of a model that only predicts, each packed for products when it is first used.
private final class WeightPacking: Sendable {
    private let precision: Precision
    /// By the place of their first element.
    private let packed = Mutex<[Int: MatrixProduct.Operand]>([:])

    init(precision: Precision) { self.precision = precision }

    /// Wᵀ of a weight [out, in]. Two threads that use it first at the same time both pack it, and one result is kept.
    ///
    /// - Parameter matrix: the same, not packed.
    func transposed(_ weight: Parameter, _ matrix: MatrixProduct.Operand) -> MatrixProduct.Operand {
        if let matrix = packed.withLock({ $0[weight.offset] }) { return matrix }
        let matrix = matrix.packed(k: weight.shape[1], n: weight.shape[0], precision: precision)
        packed.withLock { $0[weight.offset] = matrix }
        return matrix
    }
}
