import Synchronization

/// C ← op(A)·op(B), or C ← C + op(A)·op(B), for row-major matrices of float32.
///
/// op(A) is [m, k], op(B) is [k, n], and C is [m, n]. Nothing is touched where m or n is 0. Cost: 2·m·n·k operations.
package struct MatrixProduct {
    /// A matrix as it lies in memory, with rows `stride` apart, and whether it is its transpose that is meant. It keeps
    /// the memory.
    package struct Operand: Sendable {
        private let storage: Storage
        private let offset: Int
        let stride: Int
        let isTransposed: Bool
        /// op(X) packed for the engine's own kernels, as it then is only; for B.
        let packed: PackedMatrix?

        /// - Parameter offset: where the first element is.
        package init(_ storage: Storage, at offset: Int = 0, stride: Int, transposed: Bool = false) {
            self.init(storage, at: offset, stride: stride, transposed: transposed, packed: nil)
        }

        /// The rows of a matrix from one on.
        package init(_ x: Tensor, row: Int = 0, transposed: Bool = false) {
            self.init(x.storage, at: row * x.columns, stride: x.columns, transposed: transposed)
        }

        /// A matrix that was packed for the engine's own kernels, for B.
        init(_ packed: PackedMatrix) { self.init(packed.panels, at: 0, stride: 0, transposed: false, packed: packed) }

        private init(_ storage: Storage, at offset: Int, stride: Int, transposed: Bool, packed: PackedMatrix?) {
            (self.storage, self.offset, self.stride) = (storage, offset, stride)
            (isTransposed, self.packed) = (transposed, packed)
        }

        /// The first element. Only that of C is written to.
        var pointer: UnsafeMutablePointer<Float> { storage.pointer + offset }

        /// From the given row and column of op(X) on.
        func from(row: Int, column: Int) -> Operand {
            Operand(storage, at: offset + distance(row, column), stride: stride, transposed: isTransposed)
        }

        /// An element of op(X).
        func pointer(row: Int, column: Int) -> UnsafeMutablePointer<Float> { pointer + distance(row, column) }

        private func distance(_ row: Int, _ column: Int) -> Int {
            isTransposed ? column * stride + row : row * stride + column
        }

        /// Whether rows do not overlap and all lie in the memory, for op(X) of the given shape.
        fileprivate func holds(_ rows: Int, _ columns: Int) -> Bool {
            if let packed { return packed.k == rows && packed.n == columns }
            let (count, length) = isTransposed ? (columns, rows) : (rows, columns)
            guard count > 0, length > 0 else { return true }
            return stride >= length && offset >= 0 && offset + (count - 1) * stride + length <= storage.capacity
        }
    }

    let m: Int
    let n: Int
    let k: Int
    let a: Operand
    let b: Operand
    let c: Operand
    /// Whether the product is added to C; if not, C is not read.
    let accumulates: Bool
    let precision: Precision

    /// - Precondition: sizes are not negative and, for OpenBLAS, fit into 32 bits; the operands hold matrices of these sizes,
    ///   and C is not transposed; the machine has `precision`.
    package init(
        m: Int, n: Int, k: Int, _ a: Operand, _ b: Operand, to c: Operand, accumulating: Bool = false,
        precision: Precision = .float32
    ) {
        precondition(m >= 0 && n >= 0 && k >= 0, "a matrix has a negative size")
        precondition(a.holds(m, k), "A has no room for [\(m), \(k)]")
        precondition(b.holds(k, n), "B has no room for [\(k), \(n)]")
        precondition(c.holds(m, n) && !c.isTransposed, "C has no room for [\(m), \(n)]")
        (self.m, self.n, self.k) = (m, n, k)
        (self.a, self.b, self.c) = (a, b, c)
        accumulates = accumulating
        self.precision = precision
    }

    var operations: Int { 2 * m * n * k }

    private static let computed = Atomic<Int>(0)

    /// The operations of all products of this process so far, for measurements.
    package static var operationsSoFar: Int { computed.load(ordering: .relaxed) }

    /// Counts products that are part of a fused operation.
    static func count(operations: Int) { computed.wrappingAdd(operations, ordering: .relaxed) }

    /// What is done to a part of C by the thread that computed it, while it is in that thread's cache. Where a mask is to
    /// be applied, the columns start where one of its tiles does.
    typealias Epilogue = (_ rows: Range<Int>, _ columns: Range<Int>) -> Void

    /// Computes the product on up to `Parallel.threads` threads, to the same bits for any number of them.
    package func compute() { compute(with: .of(precision), epilogue: nil) }

    func compute(hasMask: Bool, epilogue: @escaping Epilogue) {
        compute(with: .of(precision), hasMask: hasMask, epilogue: epilogue)
    }

    func compute(with backend: GEMMBackend, hasMask: Bool = false, epilogue: Epilogue?) {
        Self.count(operations: operations)
        guard m > 0, n > 0 else { return }
        guard k > 0 else {
            if !accumulates {
                for row in 0..<m { (c.pointer + row * c.stride).update(repeating: 0, count: n) }
            }
            epilogue?(0..<m, 0..<n)
            return
        }
        switch backend {
        case .builtIn(let level): computeBuiltIn(level, hasMask: hasMask, epilogue)
        case .openBLAS: computeTiled(OpenBLAS.multiply, epilogue)
        case .oneDNN(let precision):
            guard let library = OneDNN.library else { preconditionFailure("oneDNN is not installed") }
            switch precision {
            case .float32: computeTiled(library.multiply, epilogue)
            case .bfloat16: computeRounded(library.multiply, epilogue)
            }
        }
    }
}

/// The parts of C that are computed each by one thread: chunks of its rows by chunks of its columns.
struct Tiles {
    let rows: Chunks
    let columns: Chunks

    var count: Int { rows.count * columns.count }

    subscript(index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        if count == 1 { return (rows[0], columns[0]) }
        return (rows[index / columns.count], columns[index % columns.count])
    }
}
