extension Connection {
    /// Bytes taken from a listener's queue at a time: what the socket does not take of them is no longer shared with other
    /// listeners.
    private static let eventBatch = 16 * 1024

    /// Sends the events of `listener` as they come. Returns when there will be no more and all are on their way; no task
    /// runs in between.
    func follow(_ listener: EventListener, for target: ActiveExchange) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            events.post { [self] in
                guard exchange === target, case .exchanging(_, .streaming) = state.phase else {
                    return continuation.resume(throwing: ConnectionError.closedByClient)
                }
                turn {
                    target.follower = (listener, continuation)
                    listener.follow { [self] in
                        events.post { [self] in turn { sendEvents(target) } }
                    }
                    if state.isDraining { listener.finish() }
                    sendEvents(target)
                }
            }
        }
    }

    /// Sends what there is of the events that are the answer, as far as the socket takes it.
    func sendEvents(_ target: ActiveExchange) {
        guard exchange === target, let follower = target.follower else { return }
        guard !follower.listener.isCutOff else { return handle(.answerFailure, ConnectionError.tooSlow) }
        flush()
        sending: while unsentCount == 0, target.follower != nil {
            switch follower.listener.next() {
            case .event(let event):
                target.summary.bytesOut += event.content.count
                sendLarge(target.framing == .chunked ? event.chunk : Array(event.chunk[event.content]))
                if events.output.count >= Self.eventBatch { flush() }
            case .nothing:
                break sending
            case .end(.success):
                target.follower = nil
                follower.continuation.resume()
            case .end(.failure(let error)):
                handle(.answerFailure, error)
            }
        }
        flush()
    }

    func sendHeartbeat() {
        exchange?.summary.bytesOut += ServerSentEvent.heartbeat.count
        if exchange?.framing == .chunked {
            ResponseEncoder.encodeChunk(ServerSentEvent.heartbeat, into: &events.output)
        } else {
            events.output.append(ServerSentEvent.heartbeat)
        }
    }
}
