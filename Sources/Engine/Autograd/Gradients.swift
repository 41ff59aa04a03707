import CKernels

/// Gradients of all parameters of a model, laid out like ``Parameters``, to which backward passes add in place.
package final class Gradients: Sendable {
    package let layout: ParameterLayout
    private let storage: Storage

    /// Gradients that are all zero.
    package init(layout: ParameterLayout) {
        self.layout = layout
        storage = Storage(zeros: layout.count)
    }

    package func pointer(_ parameter: Parameter) -> UnsafeMutablePointer<Float> { storage.pointer + parameter.offset }

    /// The gradient of a weight [out, in] as C of a product.
    func matrix(_ weight: Parameter) -> MatrixProduct.Operand {
        .init(storage, at: weight.offset, stride: weight.shape[1])
    }

    package func values(_ parameter: Parameter) -> [Float] {
        Array(UnsafeBufferPointer(start: pointer(parameter), count: parameter.count))
    }

    /// Those of all parameters, one after another.
    package var values: [Float] { Array(UnsafeBufferPointer(start: storage.pointer, count: layout.count)) }

    /// A copy of the gradient of a parameter.
    package func tensor(_ parameter: Parameter) -> Tensor {
        Tensor(copying: pointer(parameter), shape: parameter.shape)
    }

    /// The first of all elements.
    var start: UnsafeMutablePointer<Float> { storage.pointer }

    package func reset() {
        Elementwise.forEachChunk(layout.count) { (start + $0.lowerBound).update(repeating: 0, count: $0.count) }
    }

    /// The Euclidean norm over all parameters.
    package var norm: Float {
        let squares = Elementwise.mapChunks(layout.count) { ck_sum_of_squares(start + $0.lowerBound, $0.count) }
        return Float(squares.reduce(0, +).squareRoot())
    }

    package func scale(by factor: Float) {
        Elementwise.forEachChunk(layout.count) { ck_scale(factor, start + $0.lowerBound, $0.count) }
    }
}
