/// Waits until a running job is to be cancelled or set aside. A look at the job that fails is repeated, so that no request is
/// lost.
struct StopWatch {
    /// Yields at once, and whenever the job may be one to be stopped.
    let requests: AsyncStream<Void>
    /// Before a look is repeated.
    let pause: @Sendable () async throws -> Void
    let state: @Sendable () async throws -> JobState

    /// - Returns: why the attempt shall end; nil when the task is cancelled or the stream has ended.
    func wait() async -> StopSignal.Reason? {
        for await _ in requests {
            switch await look() {
            case .cancelling: return .cancelled
            case .pausing: return .paused
            default: continue
            }
        }
        return nil
    }

    private func look() async -> JobState? {
        while !Task.isCancelled {
            if let answer = try? await state() { return answer }
            try? await pause()
        }
        return nil
    }
}
