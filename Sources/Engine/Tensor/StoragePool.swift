import Foundation
import Platform

/// Buffers that are not in use, by capacity.
///
/// All buffers together, in use or not, take at most ``slack`` more than the most that was in use at one time: surplus ones
/// go back to the system. Without this bound, batches of ever different shapes would pile up buffers that fit none of them.
final class StoragePool: Sendable {
    static let shared = StoragePool()

    /// How much more than the most that was in use is kept, in elements. Without it, parts of a step that need different
    /// sizes would free each other's buffers in every step.
    static let slack = 16 << 20

    private let state = Mutex(State())

    deinit {
        for (index, buffers) in state.withLock({ $0.free }).enumerated() {
            for buffer in buffers { Self.deallocate(buffer.pointer, Self.capacity(at: index)) }
        }
    }

    /// The elements of all buffers, in use or not.
    var capacity: Int { state.withLock { $0.usedCapacity + $0.freeCapacity } }

    /// What is kept for reuse.
    var freeBytes: Int { state.withLock { $0.freeCapacity } * MemoryLayout<Float>.stride }

    /// A pointer that may cross threads: a buffer in the pool has no other owner.
    private struct Address: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<Float>
    }

    private struct State {
        /// By class of capacity.
        var free: [[Address]] = Array(repeating: [], count: StoragePool.classes)
        /// In elements, as the two below.
        var freeCapacity = 0
        var usedCapacity = 0
        var mostUsed = 0
        var bound: Int { mostUsed + StoragePool.slack }

        mutating func take(_ capacity: Int) -> Address? {
            usedCapacity += capacity
            mostUsed = max(mostUsed, usedCapacity)
            guard let address = free[StoragePool.index(of: capacity)].popLast() else { return nil }
            freeCapacity -= capacity
            return address
        }

        mutating func give(_ address: Address, _ capacity: Int) {
            usedCapacity -= capacity
            freeCapacity += capacity
            free[StoragePool.index(of: capacity)].append(address)
        }

        /// Removes free buffers, large ones first, until all memory is within bounds.
        mutating func takeSurplus() -> [(Address, capacity: Int)] {
            guard usedCapacity + freeCapacity > bound else { return [] }
            var surplus: [(Address, capacity: Int)] = []
            for index in free.indices.reversed() {
                while usedCapacity + freeCapacity > bound, let address = free[index].popLast() {
                    let capacity = StoragePool.capacity(at: index)
                    freeCapacity -= capacity
                    surplus.append((address, capacity))
                }
            }
            return surplus
        }
    }

    /// The next of four capacities per power of two, so that at most a quarter of a buffer is unused.
    static func roundedUp(_ count: Int) -> Int {
        guard count > 64 else { return 64 }
        let quarter = 1 << ((count - 1).leadingBitPosition - 2)
        return (count + quarter - 1) / quarter * quarter
    }

    private static let classes = 4 * Int.bitWidth

    /// The class of a capacity that ``roundedUp(_:)`` gives.
    private static func index(of capacity: Int) -> Int {
        let power = capacity.leadingBitPosition
        return 4 * power + (capacity >> (power - 2)) & 3
    }

    private static func capacity(at index: Int) -> Int { (4 + index % 4) << (index / 4 - 2) }

    func take(_ capacity: Int) -> UnsafeMutablePointer<Float> {
        let (address, surplus) = state.withLock { state in
            let address = state.take(capacity)
            return (address, address == nil ? state.takeSurplus() : [])
        }
        for (address, capacity) in surplus { Self.deallocate(address.pointer, capacity) }
        return address?.pointer ?? Self.allocate(capacity)
    }

    func give(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
        let address = Address(pointer: pointer)
        state.withLock { $0.give(address, capacity) }
    }

    /// Elements from which on a buffer is mapped by itself, so that it goes back to the system when it is given up; the
    /// library's heap would keep it.
    private static let leastMapped = 1 << 18

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Float> {
        let bytes = capacity * MemoryLayout<Float>.stride
        guard capacity >= leastMapped else {
            var address: UnsafeMutableRawPointer?
            guard posix_memalign(&address, 64, bytes) == 0, let address else { Memory.exhausted(bytes) }
            return address.bindMemory(to: Float.self, capacity: capacity)
        }
        let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { Memory.exhausted(bytes) }
        return address.bindMemory(to: Float.self, capacity: capacity)
    }

    private static func deallocate(_ pointer: UnsafeMutablePointer<Float>, _ capacity: Int) {
        guard capacity >= leastMapped else { return free(pointer) }
        munmap(pointer, capacity * MemoryLayout<Float>.stride)
    }
}

extension Int {
    /// The index of the highest bit that is set; the receiver is positive.
    fileprivate var leadingBitPosition: Int { Int.bitWidth - 1 - leadingZeroBitCount }
}
