import CKernels

/// Float32 values of some shape, row-major and contiguous.
///
/// A tensor is a value: nothing changes the elements of a tensor that someone else can see. The engine's activations
/// are matrices of shape [rows, columns], where the temporal units of all clips of a batch lie one after another as rows.
package struct Tensor: Sendable {
    package private(set) var storage: Storage
    package let shape: [Int]

    /// A tensor with undefined elements, to be filled by its maker.
    package init(uninitialized shape: [Int]) {
        self.shape = shape
        storage = Storage(count: shape.reduce(1, *))
    }

    package init(zeros shape: [Int]) {
        self.init(uninitialized: shape)
        pointer.initialize(repeating: 0, count: count)
    }

    /// A copy of `values`, which hold `shape` in row-major order.
    package init(_ values: some Collection<Float>, shape: [Int]) {
        self.init(uninitialized: shape)
        precondition(values.count == count, "\(values.count) values do not fill shape \(shape)")
        _ = UnsafeMutableBufferPointer(start: pointer, count: count).initialize(from: values)
    }

    init(copying source: UnsafePointer<Float>, shape: [Int]) {
        self.init(uninitialized: shape)
        pointer.update(from: source, count: count)
    }

    package var count: Int { shape.reduce(1, *) }

    /// The length of the last axis.
    package var columns: Int { shape.last ?? 1 }

    /// The number of rows when all axes but the last are taken as one.
    package var rows: Int { shape.count == 2 ? shape[0] : shape.dropLast().reduce(1, *) }

    package var pointer: UnsafeMutablePointer<Float> { storage.pointer }

    package var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// A copy with every element multiplied by `factor`, which may be larger than any float32.
    package func scaled(by factor: Double) -> Tensor {
        let scaled = Tensor(uninitialized: shape)
        ck_scaled(factor, pointer, scaled.pointer, count)
        return scaled
    }

    /// The Euclidean norm.
    package var norm: Double { ck_sum_of_squares(pointer, count).squareRoot() }

    /// Adds `other`, of the same shape: in place when no other tensor shares the elements, else to a copy.
    mutating func add(_ other: Tensor) {
        precondition(other.shape == shape, "cannot add \(other.shape) to \(shape)")
        makeUnique()
        Elementwise.add(other, to: self)
    }

    /// Copies the elements where someone else sees them, too, so that they may change.
    mutating func makeUnique() {
        guard !isKnownUniquelyReferenced(&storage) else { return }
        let copy = Storage(count: count)
        copy.pointer.update(from: pointer, count: count)
        storage = copy
    }
}
