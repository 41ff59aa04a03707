import Platform

/// Carries the chunks of a body from a connection's queue to the handler's task and holds back the former while the
/// latter is slow.
final class BodyPipe: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        var buffered = 0
        var end: Result<Void, any Error>?
        var waiter: CheckedContinuation<[UInt8]?, any Error>?
        var isDemanded = false
        var isPaused = false
    }

    /// Bytes held before the producer is told to pause; it may overshoot by what it has read already.
    static let capacity = 512 * 1024
    /// What the consumer gets at a time at most, once it is behind: each chunk costs it the way to another thread.
    private static let chunkSize = 256 * 1024

    private let state: Mutex<State>
    private let onDemand: @Sendable () -> Void

    /// - Parameter onDemand: called, on the consumer's thread, when the first chunk is asked for and each time a paused
    ///   producer may go on.
    init(onDemand: @escaping @Sendable () -> Void) {
        state = Mutex(State())
        self.onDemand = onDemand
    }

    /// A pipe that holds all there is.
    init(complete bytes: [UInt8]) {
        state = Mutex(State(chunks: bytes.isEmpty ? [] : [bytes], buffered: bytes.count, end: .success(())))
        onDemand = {}
    }

    /// Takes more of the body. Returns false if the producer should pause until it hears from `onDemand`.
    func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            if let waiter = state.waiter.take() {
                waiter.resume(returning: Array(bytes))
                return true
            }
            if let last = state.chunks.indices.last, state.chunks[last].count + bytes.count <= Self.chunkSize {
                state.chunks[last].append(contentsOf: bytes)
            } else {
                state.chunks.append(Array(bytes))
            }
            state.buffered += bytes.count
            state.isPaused = state.buffered >= Self.capacity
            return !state.isPaused
        }
    }

    /// Ends the body; chunks not taken yet are still delivered if it ended well.
    func finish(_ result: Result<Void, any Error> = .success(())) {
        state.withLock { state in
            guard state.end == nil else { return }
            state.end = result
            guard let waiter = state.waiter.take() else { return }
            waiter.resume(with: result.map { nil })
        }
    }

    /// The next chunk, or nil at the end of the body.
    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isWanting = state.withLock { state in
                    let isFirst = !state.isDemanded
                    state.isDemanded = true
                    if case .failure(let error) = state.end {
                        continuation.resume(throwing: error)
                        return false
                    }
                    if !state.chunks.isEmpty {
                        let chunk = state.chunks.removeFirst()
                        state.buffered -= chunk.count
                        continuation.resume(returning: chunk)
                        guard state.isPaused, state.buffered <= Self.capacity / 2 else { return isFirst }
                        state.isPaused = false
                        return true
                    }
                    if state.end != nil {
                        continuation.resume(returning: nil)
                        return false
                    }
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                        return false
                    }
                    precondition(state.waiter == nil, "two tasks read one body")
                    state.waiter = continuation
                    return isFirst
                }
                if isWanting { onDemand() }
            }
        } onCancel: {
            state.withLock { state in
                state.waiter.take()?.resume(throwing: CancellationError())
            }
        }
    }
}
