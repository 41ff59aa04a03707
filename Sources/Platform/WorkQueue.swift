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

    /// - Parameter width: how many bodies run at a time.
    package init(_ label: String, width: Int, qos: DispatchQoS) {
        queue = DispatchQueue(label: label, qos: qos, attributes: .concurrent)
        let operations = OperationQueue()
        operations.underlyingQueue = queue
        operations.maxConcurrentOperationCount = width
        self.operations = operations
    }

    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let work: @Sendable () -> Void = { continuation.resume(with: Result(catching: body)) }
            if let operations { operations.addOperation(work) } else { queue.async(execute: work) }
        }
    }
}
