import Foundation
import Synchronization

/// A loop in progress and what its threads share. Each thread that starts loops has one and uses it again.
///
/// `@unchecked Sendable`: `body`, `count` and `seats` are written by the owning thread while no other thread can reach
/// the loop, and published through the lock of the pool; `seats` changes under that lock. The rest is atomic.
final class ParallelLoop: @unchecked Sendable {
    private var body: ((Int) -> Void)?
    private var count = 0
    private var isRunning = false
    private let next = Atomic<Int>(0)
    /// The number of helping threads inside, plus `sleeping` once the owner waits for them on the semaphore.
    private let inside = Atomic<Int>(0)
    private static let sleeping = 1 << 32
    private let allLeft = DispatchSemaphore(value: 0)

    /// How many more helping threads may join; only under the pool's lock.
    var seats = 0

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let code = pthread_key_create(&key) { pointer in
            guard let pointer else { return }
            Unmanaged<ParallelLoop>.fromOpaque(pointer).release()
        }
        precondition(code == 0, "pthread_key_create failed: \(code)")
        return key
    }()

    /// The loop of the calling thread, or nil while that thread is inside of one.
    static func ofThisThread() -> ParallelLoop? {
        let loop: ParallelLoop
        if let pointer = pthread_getspecific(key) {
            loop = Unmanaged<ParallelLoop>.fromOpaque(pointer).takeUnretainedValue()
        } else {
            loop = ParallelLoop()
            pthread_setspecific(key, Unmanaged.passRetained(loop).toOpaque())
        }
        return loop.isRunning ? nil : loop
    }

    /// Marks the calling thread as one that helps for its lifetime: loops it meets are loops within loops.
    static func makeThisThreadHelper() {
        ofThisThread()?.isRunning = true
    }

    func begin(count: Int, helpers: Int, body: @escaping (Int) -> Void) {
        self.count = count
        self.body = body
        seats = helpers
        isRunning = true
        next.store(0, ordering: .relaxed)
    }

    func end() {
        body = nil
        isRunning = false
    }

    /// Makes calls until none is left. Never inlined, so that no thread holds the closure when this has returned.
    @inline(never)
    func work() {
        guard let body else { return }
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index)
        }
    }

    /// A helping thread joins; only under the pool's lock.
    func join() {
        seats -= 1
        inside.wrappingAdd(1, ordering: .relaxed)
    }

    /// A helping thread leaves and touches the loop no more.
    func leave() {
        if inside.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == ParallelLoop.sleeping {
            allLeft.signal()
        }
    }

    /// The owner waits until all helping threads have left, when no more can join.
    func waitForHelpers() {
        for _ in 0..<ParallelPool.patience {
            if inside.load(ordering: .acquiring) == 0 { return }
            Processor.pause()
        }
        if inside.wrappingAdd(ParallelLoop.sleeping, ordering: .acquiringAndReleasing).oldValue != 0 {
            allLeft.wait()
        }
        _ = inside.exchange(0, ordering: .acquiring)
    }
}
