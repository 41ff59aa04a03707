import Foundation
import Synchronization

/// Splits work over the cores of the machine.
package enum Parallel {
    private static let limit = Atomic<Int>(ProcessInfo.processInfo.activeProcessorCount)

    /// The most threads that work on one loop, the calling thread included; at least 1. It holds for the whole process
    /// and starts as the number of active cores. Results do not depend on it.
    package static var threads: Int {
        get { limit.load(ordering: .relaxed) }
        set { limit.store(max(1, newValue), ordering: .relaxed) }
    }

    /// Calls `body` once with each of 0..<count, on up to ``threads`` threads, and returns when all calls have.
    ///
    /// The calling thread takes part. Several threads may run loops at the same time, and a call may run a loop of its own,
    /// which threads that the outer one has no work for join.
    ///
    /// So that a result is the same to the bit for any number of threads, the caller cuts its work by the shape of the
    /// data and not by ``threads``, unless no cut changes the order in which an element's terms are added, and no call
    /// adds to what another one writes.
    ///
    /// A call costs about a microsecond where helping threads are awake, and some ten and more, until they help, where they
    /// have to be woken: chunks should take ten microseconds or more.
    ///
    /// - Parameters:
    ///   - isShort: for a loop that is over before anyone could be woken for it: threads that are awake and idle may join.
    ///   - body: is called from several threads at once, so calls with different indices must not write to the same
    ///     memory. It is not marked `@Sendable`, as it is mostly pointers that it captures.
    package static func forEach(_ count: Int, isShort: Bool = false, _ body: (Int) -> Void) {
        let threads = min(threads, count)
        guard threads > 1, !isShort || hasIdleThread else {
            for index in 0..<max(0, count) { body(index) }
            return
        }
        withoutActuallyEscaping(body) { body in
            ParallelPool.shared.run(count, seats: threads - 1, waking: !isShort, body)
        }
    }

    /// Wakes helping threads for loops that are about to follow: they look for some for a moment, and then sleep again.
    ///
    /// To be woken takes a thread about as long as a small model takes to predict.
    package static func wakeHelpers() {
        if threads > 1 { ParallelPool.shared.wake(threads - 1) }
    }

    /// Whether a short loop would find help now. It may be gone the moment after.
    static var hasIdleThread: Bool { threads > 1 && ParallelPool.shared.hasIdleThread }

    /// What `body` makes of each of 0..<count, computed like the calls of ``forEach(_:_:)``.
    package static func map<Result>(_ count: Int, _ body: (Int) -> Result) -> [Result] {
        [Result](unsafeUninitializedCapacity: count) { results, initialized in
            let start = results.baseAddress
            forEach(count) { (start! + $0).initialize(to: body($0)) }
            initialized = count
        }
    }
}
