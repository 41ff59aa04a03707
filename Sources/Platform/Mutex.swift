import Foundation

/// A value behind a lock, as the standard library's `Mutex`.
///
/// That one waits for its turn inside a library that the thread sanitizer does not see into, which takes every value that
/// threads have waited for as a race. This one waits in pthread's mutex, which the sanitizer knows.
///
/// `@unchecked Sendable`: `value` is touched under `lock` only.
package final class Mutex<Value>: @unchecked Sendable {
    private var value: Value
    private let lock = NSLock()

    package init(_ value: sending Value) { self.value = value }

    package func withLock<Result, Failure>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
