package import Dispatch

/// Runs work that blocks or computes on threads of its own, away from those that async functions share.
package struct WorkQueue: Sendable {
    package let queue: DispatchQueue

    package init(_ label: String, isConcurrent: Bool = false, qos: DispatchQoS = .default) {
        queue = DispatchQueue(label: label, qos: qos, attributes: isConcurrent ? .concurrent : [])
    }

    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
