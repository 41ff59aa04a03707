/// Waits until a running job is to be cancelled. A look at the job that fails is repeated, so that no cancellation is lost.
struct CancellationWatch {
    /// Yields at once, and whenever the job may be one to be cancelled.
    let requests: AsyncStream<Void>
    let retryDelay: Duration
    let isCancelling: @Sendable () async throws -> Bool

    /// - Returns: whether the job is to be cancelled; false when the task is cancelled or the stream has ended.
    func wait() async -> Bool {
        for await _ in requests {
            if await look() { return true }
        }
        return false
    }

    private func look() async -> Bool {
        while !Task.isCancelled {
            if let answer = try? await isCancelling() { return answer }
            try? await Task.sleep(for: retryDelay)
        }
        return false
    }
}
