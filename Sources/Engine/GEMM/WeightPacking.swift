import Synchronization

/// The matrices of a model that only predicts, each packed for products when it is first used.
final class WeightPacking: Sendable {
    private let precision: Precision
    private let packed = Mutex<[Parameter: MatrixProduct.Operand]>([:])

    init(precision: Precision) { self.precision = precision }

    /// Wᵀ of a weight [out, in]. Two threads that use it first at the same time both pack it, and one result is kept.
    ///
    /// - Parameter matrix: the same, not packed.
    func transposed(_ weight: Parameter, _ matrix: MatrixProduct.Operand) -> MatrixProduct.Operand {
        if let matrix = packed.withLock({ $0[weight] }) { return matrix }
        let matrix = matrix.packed(k: weight.shape[1], n: weight.shape[0], precision: precision)
        packed.withLock { $0[weight] = matrix }
        return matrix
    }
}
