import Testing

@testable import Engine

@Suite("Storage")
struct StorageTests {
    @Test("a buffer is used again by the next of its size")
    func reuse() {
        let pool = StoragePool()
        let first = pool.take(1024)
        pool.give(first, capacity: 1024)
        #expect(pool.take(1024) == first)
        #expect(pool.capacity == 1024)
        pool.give(first, capacity: 1024)
    }

    @Test("buffers of ever other sizes take little more than was once in use")
    func bound() {
        let pool = StoragePool()
        for step in 1...40 {
            let capacity = StoragePool.roundedUp((1 << 20) + step * 300_000)
            let buffers = [pool.take(capacity), pool.take(64)]
            #expect(pool.capacity <= capacity + 64 + StoragePool.slack)
            pool.give(buffers[0], capacity: capacity)
            pool.give(buffers[1], capacity: 64)
        }
    }

    @Test("at most a quarter of a buffer is unused")
    func rounding() {
        for count in 65...5000 {
            let capacity = StoragePool.roundedUp(count)
            #expect(capacity >= count && 4 * (capacity - count) <= capacity)
        }
    }
}
