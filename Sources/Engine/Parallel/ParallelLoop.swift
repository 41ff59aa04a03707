import Dispatch
import Synchronization

/// A place for a loop in progress and what its threads share. The pool keeps it, and uses it for one loop after another.
///
/// `@unchecked Sendable`: `body` and `count` are written by the owner while nobody else is inside, and read by helping
/// threads between joining and leaving. The rest is atomic.
final class ParallelLoop: @unchecked Sendable {
    private var body: ((Int) -> Void)?
    private var count = 0
    private let next = Atomic<Int>(0)

    /// How many helping threads are inside and how many more may join, and whether the owner waits on the semaphore:
    /// one number, so that nobody can join a loop that is being closed.
    private let members = Atomic<Int>(0)
    private static let waiting = 1 << 20
    private static let seat = 1 << 21
    private let allLeft = DispatchSemaphore(value: 0)

    func open(_ count: Int, seats: Int, body: @escaping (Int) -> Void) {
        self.count = count
        self.body = body
        next.store(0, ordering: .relaxed)
        members.store(seats * Self.seat, ordering: .releasing)
    }

    /// A helping thread takes a seat, if one is free.
    ///
    /// - Returns: how many are free then; nil where none was.
    func join() -> Int? {
        var seen = members.load(ordering: .relaxed)
        while seen >= Self.seat {
            let joined = seen - Self.seat + 1
            let (exchanged, original) = members.compareExchange(expected: seen, desired: joined, ordering: .acquiring)
            if exchanged { return joined / Self.seat }
            seen = original
        }
        return nil
    }

    /// A helping thread leaves and touches the loop no more.
    func leave() {
        if members.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == Self.waiting { allLeft.signal() }
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

    /// The owner lets nobody in any more and waits until all helping threads have left.
    func close() {
        var inside = members.bitwiseAnd(Self.waiting - 1, ordering: .acquiringAndReleasing).newValue
        let areOut = ParallelPool.wait {
            if inside > 0 { inside = members.load(ordering: .acquiring) }
            return inside == 0
        }
        if !areOut {
            if members.wrappingAdd(Self.waiting, ordering: .acquiringAndReleasing).oldValue != 0 { allLeft.wait() }
            _ = members.exchange(0, ordering: .acquiring)
        }
        body = nil
    }
}
