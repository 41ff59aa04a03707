import Foundation
import Synchronization
import Testing

@testable import Engine

/// Each with a pool of its own, which starts without threads.
@Suite("Pool of threads")
struct ParallelPoolTests {
    private let pool = ParallelPool()

    /// Two calls that wait for each other: ends only when two threads run them.
    private func meetInPairs() {
        let (first, second) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        pool.run(2, seats: 1, waking: true) { index in
            if index == 0 {
                first.signal()
                second.wait()
            } else {
                second.signal()
                first.wait()
            }
        }
    }

    /// The calls of a loop for which nobody is woken that other threads made.
    private func callsByOthers() -> Int {
        let calls = Atomic<Int>(0)
        let thread = pthread_self()
        pool.run(1000, seats: 1, waking: false) { _ in
            if pthread_equal(thread, pthread_self()) == 0 { calls.wrappingAdd(1, ordering: .relaxed) }
        }
        return calls.load(ordering: .relaxed)
    }

    @Test("threads that have gone to sleep come back")
    func afterIdling() {
        for _ in 0..<20 {
            meetInPairs()
            while pool.hasIdleThread { Processor.pause() }
        }
    }

    @Test("a loop within a loop finds threads that the outer one has no work for")
    func nested() {
        for _ in 0..<200 {
            // At least one of two helping threads is free for the inner calls.
            pool.run(3, seats: 2, waking: true) { index in
                if index == 0 { meetInPairs() }
            }
        }
    }

    @Test("a loop for which nobody is woken runs on its own thread, unless another one is awake")
    func awake() {
        #expect(callsByOthers() == 0)
        while callsByOthers() == 0 { meetInPairs() }
    }

    @Test("threads that were woken before it join a loop for which nobody is")
    func woken() {
        while callsByOthers() == 0 { pool.wake(1) }
    }
}
