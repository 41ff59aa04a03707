package import Dispatch
import Foundation

/// Runs work that blocks or computes on threads of its own, away from those that async functions share.
package struct WorkQueue: Sendable {
    package let queue: DispatchQueue
    /// Bounds how much runs at a time; nil for what the queue itself allows.
    private let operations: OperationQueue?

    package init(_ label: String, isConcurrent: Bool = false, qos: DispatchQoS = .default) {
        queue = DispatchQueue(label: label, qos: qos, attributes: isConcurrent ? .concurrent : [])
        operations = nil
    }

    /// A queue whose work yields to everything else in the process, and shares the processors with the trainings of children.
    ///
    /// - Parameter width: how many bodies run at a time.
    package init(yielding label: String, width: Int) {
        queue = DispatchQueue(label: label, qos: .utility, attributes: .concurrent)
        let operations = OperationQueue()
        operations.underlyingQueue = queue
        operations.maxConcurrentOperationCount = width
        self.operations = operations
    }

    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let work: @Sendable () -> Void = { continuation.resume(with: Result(catching: body)) }
            if let operations {
                operations.addOperation { Self.yielding(work) }
            } else {
                queue.async(execute: work)
            }
        }
    }

    /// Runs work on a thread that yields, and waits for it. A thread of a pool would never get its priority back, which only
    /// a privileged process may raise; and on Linux the quality of service of a queue changes nothing.
    private static func yielding(_ work: @escaping @Sendable () -> Void) {
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            // On Linux, 0 is this thread alone. Where it fails, the work is done all the same.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
            work()
            done.signal()
        }
        done.wait()
    }

    /// As of `nice(1)`, and as trainings have it by default: with less, work would make no progress beside them.
    private static let niceness: Int32 = 10
}
