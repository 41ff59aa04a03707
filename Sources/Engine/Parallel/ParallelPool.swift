import Dispatch
import Foundation
import Synchronization

/// The threads that help with loops, started when first wanted and kept for the life of the process.
///
/// Dispatch would do, but for its latency: waking a worker takes 10 to 50 µs here, as long as many loops of a small
/// model. A helping thread that has run out of work therefore looks for more for a moment before it sleeps. It does not
/// yield meanwhile: with more threads than free cores that made loops three times slower, since Linux defers a thread
/// further each time it yields. Nor is there a lock between threads that are awake: to wait for one would take as long as
/// to be woken.
final class ParallelPool: Sendable {
    static let shared = ParallelPool()

    /// For how long a thread looks for work, in nanoseconds, before it sleeps: about what it takes to wake it.
    static let patience: UInt64 = 100_000

    /// Calls `isDone` until it says so, for no longer than ``patience``; false where it never did.
    static func wait(until isDone: () -> Bool) -> Bool {
        var start: UInt64?
        while true {
            for _ in 0..<100 {
                if isDone() { return true }
                Processor.pause()
            }
            // How long a pause takes differs tenfold between processors.
            let now = DispatchTime.now().uptimeNanoseconds
            if now - (start ?? now) >= patience { return false }
            start = start ?? now
        }
    }

    /// Loops in progress have a place each, and a bit for it in the two below.
    private let places = (0..<UInt.bitWidth).map { _ in ParallelLoop() }
    private let taken = Atomic<UInt>(0)
    /// The loops that have free seats.
    private let open = Atomic<UInt>(0)

    private let threads = Atomic<Int>(0)
    /// Threads that look for a loop to join.
    private let looking = Atomic<Int>(0)
    /// Threads that wait for `wakeUp`, less the signals on their way to them.
    private let sleeping = Atomic<Int>(0)
    private let wakeUp = DispatchSemaphore(value: 0)

    /// Whether a thread could join a loop at once.
    var hasIdleThread: Bool { looking.load(ordering: .relaxed) > 0 }

    /// Runs a loop on the calling thread and on helping ones, as many as it has seats for: on those that are awake and
    /// idle alone, or on others, too, which are then woken or started. With no place left, on the calling one alone.
    func run(_ count: Int, seats: Int, waking: Bool, _ body: @escaping (Int) -> Void) {
        guard let place = takePlace() else {
            for index in 0..<count { body(index) }
            return
        }
        let loop = places[place]
        let bit: UInt = 1 << UInt(place)
        // Before there are seats, so that who takes the last one can take back the bit.
        open.bitwiseOr(bit, ordering: .sequentiallyConsistent)
        loop.open(count, seats: seats, body: body)
        if waking { wake(seats) }
        loop.work()
        open.bitwiseAnd(~bit, ordering: .relaxed)
        loop.close()
        taken.bitwiseAnd(~bit, ordering: .releasing)
    }

    /// Sees to it that so many threads are about to look for loops, but for those that are in one.
    func wake(_ wanted: Int) {
        let starts = startThreads(wanted)
        let missing = wanted - starts - looking.load(ordering: .sequentiallyConsistent)
        for _ in 0..<max(0, missing) {
            guard takeSleeping() else { return }
            wakeUp.signal()
        }
    }

    private func takePlace() -> Int? {
        var seen = taken.load(ordering: .relaxed)
        while seen != .max {
            let place = (~seen).trailingZeroBitCount
            let (exchanged, original) = taken.compareExchange(
                expected: seen, desired: seen | 1 << UInt(place), ordering: .acquiring)
            if exchanged { return place }
            seen = original
        }
        return nil
    }

    /// Starts as many threads as are missing, and returns how many.
    private func startThreads(_ wanted: Int) -> Int {
        var seen = threads.load(ordering: .relaxed)
        while seen < wanted {
            let (exchanged, original) = threads.compareExchange(expected: seen, desired: wanted, ordering: .relaxed)
            if exchanged {
                for _ in seen..<wanted { startThread() }
                return wanted - seen
            }
            seen = original
        }
        return 0
    }

    private func startThread() {
        let thread = Thread { [self] in help() }
        thread.name = "engine"
        thread.stackSize = 1 << 20
        thread.start()
    }

    private func help() -> Never {
        while true {
            if let loop = look() {
                loop.work()
                loop.leave()
            } else {
                sleep()
            }
        }
    }

    /// Waits a moment for a loop with a free seat, and takes that.
    private func look() -> ParallelLoop? {
        looking.wrappingAdd(1, ordering: .relaxed)
        defer { looking.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
        var loop: ParallelLoop?
        _ = Self.wait {
            loop = join()
            return loop != nil
        }
        return loop
    }

    private func join() -> ParallelLoop? {
        var candidates = open.load(ordering: .relaxed)
        while candidates != 0 {
            let place = candidates.trailingZeroBitCount
            if let free = places[place].join() {
                if free == 0 { open.bitwiseAnd(~(1 << UInt(place)), ordering: .relaxed) }
                return places[place]
            }
            candidates &= candidates - 1
        }
        return nil
    }

    /// Sleeps until a loop wants help, unless one does already.
    private func sleep() {
        sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
        // Who began a loop and did not see this thread as sleeping has shown that loop before.
        if open.load(ordering: .sequentiallyConsistent) != 0, takeSleeping() { return }
        wakeUp.wait()
    }

    /// Takes one from the threads that sleep; false where none does, or all are being woken.
    private func takeSleeping() -> Bool {
        var seen = sleeping.load(ordering: .sequentiallyConsistent)
        while seen > 0 {
            let (exchanged, original) = sleeping.compareExchange(
                expected: seen, desired: seen - 1, ordering: .sequentiallyConsistent)
            if exchanged { return true }
            seen = original
        }
        return false
    }
}
