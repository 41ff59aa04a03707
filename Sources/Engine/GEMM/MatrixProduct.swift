import Synchronization

/// C ← op(A)·op(B), or C ← C + op(A)·op(B), for row-major matrices that lie in memory as float32.
///
/// op(A) is [m, k], op(B) is [k, n], and C is [m, n] with rows `stride` apart. Nothing is touched where m or n is 0.
/// Cost: 2·m·n·k operations.
package struct MatrixProduct {
    /// A matrix as it lies in memory, with rows `stride` apart, and whether it is its transpose that is meant.
    ///
    /// `@unchecked Sendable`: whoever makes one answers for the memory, which only products read.
    package struct Operand: @unchecked Sendable {
        let pointer: UnsafePointer<Float>
        let stride: Int
        let isTransposed: Bool
        /// op(X) packed for the engine's own kernels, where that was done before; for B.
        let packed: PackedMatrix?

        package init(_ pointer: UnsafePointer<Float>, stride: Int, transposed: Bool = false) {
            self.init(pointer, stride: stride, transposed: transposed, packed: nil)
        }

        init(_ pointer: UnsafePointer<Float>, stride: Int, transposed: Bool, packed: PackedMatrix?) {
            self.pointer = pointer
            self.stride = stride
            isTransposed = transposed
            self.packed = packed
        }

        /// From the given row and column of op(X) on.
        func from(row: Int, column: Int) -> Operand {
            let offset = isTransposed ? column * stride + row : row * stride + column
            return Operand(pointer + offset, stride: stride, transposed: isTransposed)
        }

        /// Whether rows of this length fit, for op(X) of the given shape.
        fileprivate func holds(rows: Int, columns: Int) -> Bool { stride >= (isTransposed ? rows : columns) }
    }

    let m: Int
    let n: Int
    let k: Int
    let a: Operand
    let b: Operand
    let c: UnsafeMutablePointer<Float>
    let stride: Int
    /// Whether the product is added to C; if not, C is not read.
    let adds: Bool
    let precision: Precision

    /// - Precondition: sizes are not negative and, for OpenBLAS, fit into 32 bits; each stride is at least its row's length;
    ///   the machine has `precision`.
    package init(
        m: Int, n: Int, k: Int, _ a: Operand, _ b: Operand, to c: UnsafeMutablePointer<Float>, stride: Int,
        adding: Bool = false, precision: Precision = .float32
    ) {
        precondition(m >= 0 && n >= 0 && k >= 0, "a matrix has a negative size")
        precondition(m == 0 || n == 0 || stride >= n, "the rows of C overlap")
        precondition(m == 0 || k == 0 || a.holds(rows: m, columns: k), "the rows of A overlap")
        precondition(n == 0 || k == 0 || b.holds(rows: k, columns: n), "the rows of B overlap")
        (self.m, self.n, self.k) = (m, n, k)
        (self.a, self.b, self.c) = (a, b, c)
        self.stride = stride
        adds = adding
        self.precision = precision
    }

    var operations: Int { 2 * m * n * k }

    private static let computed = Atomic<Int>(0)

    /// The operations of all products of this process so far, for measurements.
    package static var operationsSoFar: Int { computed.load(ordering: .relaxed) }

    /// Counts products that are part of a fused operation.
    static func count(operations: Int) { computed.wrappingAdd(operations, ordering: .relaxed) }

    /// What is done to a part of C by the thread that computed it, while it is in that thread's cache. The columns start
    /// at a multiple of ``finishingColumns``.
    typealias Finish = (_ rows: Range<Int>, _ columns: Range<Int>) -> Void

    static let finishingColumns = 128

    /// Computes the product on up to `Parallel.threads` threads, to the same bits for any number of them.
    package func compute() { compute(with: .of(precision), finish: nil) }

    func compute(finish: @escaping Finish) { compute(with: .of(precision), finish: finish) }

    func compute(with provider: MatrixProvider, finish: Finish?) {
        Self.count(operations: operations)
        guard m > 0, n > 0 else { return }
        guard k > 0 else {
            if !adds { for row in 0..<m { (c + row * stride).update(repeating: 0, count: n) } }
            finish?(0..<m, 0..<n)
            return
        }
        switch provider {
        case .builtIn(let level): computeBuiltIn(level, finish)
        case .openBLAS: computeTiled(OpenBLAS.multiply, finish)
        case .oneDNN(let precision):
            guard let library = OneDNN.library else { preconditionFailure("oneDNN is not installed") }
            switch precision {
            case .float32: computeTiled(library.multiply, finish)
            case .bfloat16: computeRounded(library.multiply, finish)
            }
        }
    }
}
