import Dispatch
import Synchronization

/// Splits work over the cores of the machine.
package enum Parallel {
    private static let limit = Atomic<Int>(8)

    package static var threads: Int {
        get { limit.load(ordering: .relaxed) }
        set { limit.store(max(1, newValue), ordering: .relaxed) }
    }

    package static func forEach(_ count: Int, _ body: (Int) -> Void) {
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: count) { body($0) }
    }
}
