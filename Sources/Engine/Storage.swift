import Synchronization

/// A pooled, 64-byte aligned buffer of float32 values.
///
/// A training step asks for the same sizes as the step before, so buffers go back to a pool instead of to the
/// system. Fresh storage holds whatever its last user left in it.
///
/// `@unchecked Sendable`: an operation writes to storage only before it hands out the tensor that views it, or while
/// it alone owns that tensor.
package final class Storage: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Float>
    let capacity: Int

    /// Takes a buffer of at least `count` values from the pool.
    package init(count: Int) {
        capacity = StoragePool.roundedUp(count)
        pointer = StoragePool.shared.take(capacity)
    }

    deinit {
        StoragePool.shared.give(pointer, capacity: capacity)
    }
}

/// Buffers that are not in use, by capacity.
private final class StoragePool: Sendable {
    static let shared = StoragePool()

    private let free = Mutex<[Int: [Address]]>([:])

    /// A pointer that may cross threads: a buffer in the pool has no other owner.
    private struct Address: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<Float>
    }

    /// The next of four capacities per power of two, so that at most a quarter of a buffer is unused.
    static func roundedUp(_ count: Int) -> Int {
        guard count > 64 else { return 64 }
        let quarter = 1 << ((count - 1).leadingBitPosition - 2)
        return (count + quarter - 1) / quarter * quarter
    }

    func take(_ capacity: Int) -> UnsafeMutablePointer<Float> {
        if let address = free.withLock({ $0[capacity]?.popLast() }) { return address.pointer }
        return UnsafeMutableRawPointer.allocate(byteCount: capacity * MemoryLayout<Float>.stride, alignment: 64)
            .bindMemory(to: Float.self, capacity: capacity)
    }

    func give(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
        let address = Address(pointer: pointer)
        free.withLock { $0[capacity, default: []].append(address) }
    }
}

extension Int {
    /// The index of the highest bit that is set; the receiver is positive.
    fileprivate var leadingBitPosition: Int { Int.bitWidth - 1 - leadingZeroBitCount }
}
