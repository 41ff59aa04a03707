import Foundation
import Platform
import Synchronization

/// The threads that help with loops, started when first wanted and kept for the life of the process.
///
/// Dispatch would do, but for its latency: waking a worker takes 10 to 15 µs here, as long as many loops of a small
/// model. A helping thread that has run out of work therefore looks for more for a moment before it sleeps. It does not
/// yield meanwhile: with more threads than free cores that made loops three times slower, since Linux defers a thread
/// further each time it yields.
final class ParallelPool: Sendable {
    static let shared = ParallelPool()

    /// How often a thread pauses, 25 to 75 µs in all, before it sleeps.
    static let patience = 1500

    private struct State {
        /// The loops in progress, the oldest first.
        var loops: [ParallelLoop] = []
        var threads = 0
        /// Threads that wait for `wakeUp`, less the signals on their way to them.
        var sleeping = 0

        mutating func join() -> ParallelLoop? {
            guard let loop = loops.first(where: { $0.seats > 0 }) else { return nil }
            loop.join()
            return loop
        }
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    /// Counts the loops begun, for threads that look for work without the lock.
    private let begun = Atomic<Int>(0)
    private let looking = Atomic<Int>(0)

    /// Runs a loop on the calling thread and on idle helping threads, as many as it has seats for.
    func run(_ loop: ParallelLoop) {
        let seats = loop.seats
        let (wakeUps, starts) = state.withLock { state in
            state.loops.append(loop)
            let starts = max(0, seats - state.threads)
            state.threads += starts
            let wakeUps = min(state.sleeping, max(0, seats - starts - looking.load(ordering: .relaxed)))
            state.sleeping -= wakeUps
            return (wakeUps, starts)
        }
        begun.wrappingAdd(1, ordering: .releasing)
        for _ in 0..<wakeUps { wakeUp.signal() }
        for _ in 0..<starts { startThread() }
        loop.work()
        state.withLock { state in state.loops.removeAll { $0 === loop } }
        loop.waitForHelpers()
    }

    private func startThread() {
        let thread = Thread { [self] in
            ParallelLoop.makeThisThreadHelper()
            help()
        }
        thread.name = "engine"
        thread.stackSize = 1 << 20
        thread.start()
    }

    private func help() -> Never {
        while true {
            let begun = begun.load(ordering: .acquiring)
            if let loop = state.withLock({ $0.join() }) {
                loop.work()
                loop.leave()
            } else if !look(since: begun) {
                sleep()
            }
        }
    }

    /// Waits a moment for another loop to begin, and says whether one has.
    private func look(since seen: Int) -> Bool {
        looking.wrappingAdd(1, ordering: .relaxed)
        defer { looking.wrappingSubtract(1, ordering: .relaxed) }
        for _ in 0..<ParallelPool.patience {
            if begun.load(ordering: .acquiring) != seen { return true }
            Processor.pause()
        }
        return false
    }

    /// Sleeps until a loop wants help, unless one does already.
    private func sleep() {
        let isNeeded = state.withLock { state in
            if state.loops.contains(where: { $0.seats > 0 }) { return true }
            state.sleeping += 1
            return false
        }
        if !isNeeded { wakeUp.wait() }
    }
}
