/// A pooled, 64-byte aligned buffer of float32 values.
///
/// A training step asks for the same sizes as the step before, so buffers go back to a pool instead of to the
/// system. Fresh storage holds whatever its last user left in it.
///
/// `@unchecked Sendable`: an operation writes to storage only before it hands out the tensor that views it, or while it
/// alone owns that tensor. Parameters, gradients and moments own theirs, which the one thread that trains writes to.
package final class Storage: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Float>
    let capacity: Int

    /// Takes a buffer of at least `count` values from the pool.
    package init(count: Int) {
        capacity = StoragePool.roundedUp(count)
        pointer = StoragePool.shared.take(capacity)
    }

    /// A buffer that begins with `count` zeros.
    convenience init(zeros count: Int) {
        self.init(count: count)
        pointer.initialize(repeating: 0, count: count)
    }

    /// A buffer that begins with `values`.
    convenience init(copying values: [Float]) {
        self.init(count: values.count)
        pointer.initialize(from: values, count: values.count)
    }

    deinit {
        StoragePool.shared.give(pointer, capacity: capacity)
    }
}
