import Dispatch

extension Connection {
    /// A body of so many bytes is sent from where it is instead of being copied behind its head.
    private static let largeBody = 32 * 1024

    /// Sends what this turn has put into the output buffer, as far as the socket takes it.
    ///
    /// - Parameter more: more will be sent at once.
    func flush(more: Bool = false) {
        guard !events.output.isEmpty, state.phase != .closed else { return }
        if unsentCount > 0 {
            unsent += events.output.bytes
            events.output.removeAll()
            return
        }
        let sent = send(events.output.bytes, more: more)
        if sent < events.output.count, state.phase != .closed {
            unsent = Array(events.output.bytes[sent...])
            unsentOffset = 0
        }
        events.output.removeAll()
    }

    func sendUnsent() {
        guard unsentCount > 0 else { return }
        let sent = unsent.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[unsentOffset...])) }
        // Or there is nothing left of it.
        guard state.phase != .closed else { return }
        unsentOffset += sent
        if unsentOffset == unsent.count {
            unsent = []
            unsentOffset = 0
        } else if unsentOffset >= max(Self.unsentLimit, unsent.count / 2) {
            // Or what is put behind it would never let it become empty.
            unsent.removeFirst(unsentOffset)
            unsentOffset = 0
        }
    }

    /// Sends a large body without copying it.
    func sendLarge(_ bytes: [UInt8]) {
        guard bytes.count >= Self.largeBody else {
            events.output.append(bytes)
            return
        }
        flush(more: true)
        guard state.phase != .closed else { return }
        if unsentCount > 0 {
            unsent += bytes
        } else {
            unsent = bytes
            unsentOffset = 0
            sendUnsent()
        }
    }

    /// Returns how many bytes the socket took, which are all or all that it has room for; closes if it fails.
    private func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) -> Int {
        var sent = 0
        while sent < bytes.count {
            switch transport.send(UnsafeRawBufferPointer(rebasing: bytes[sent...]), more: more) {
            case .bytes(let count, let isLast):
                clock.sent(count)
                events.counters.bytesSent += count
                sent += count
                guard isLast else { continue }
                if sent < bytes.count { waitForRoom() }
                return sent
            case .wouldBlock, .end:
                waitForRoom()
                return sent
            case .failed:
                handle(.gone)
                return sent
            }
        }
        return sent
    }

    /// Most connections never have to.
    func waitForRoom() {
        guard !isWaitingForRoom else { return }
        isWaitingForRoom = true
        events.watchRoom(self)
    }

    // MARK: Streamed answers

    /// Sends a piece of a streamed body. Returns when the client is not too far behind.
    func write(_ bytes: [UInt8], for target: ActiveExchange) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            events.post { [self] in
                guard state.phase != .closed, exchange === target else {
                    return continuation.resume(throwing: ConnectionError.closedByClient)
                }
                turn {
                    // Before anything is sent, which may fail and end the connection and all who wait for it.
                    writers.append(continuation)
                    if !append(bytes, to: target) { writers.popLast()?.resume(throwing: ConnectionError.wrongLength) }
                }
            }
        }
    }

    /// Asks for more of the answer where the client has taken enough.
    func resumeWriters() {
        guard unsentCount < Self.unsentLimit else { return }
        if let exchange {
            if exchange.file?.wait == .room {
                sendFile(exchange)
                // With the end of the file, the answer to the next request may have come.
                flush()
            }
            if exchange.follower != nil { sendEvents(exchange) }
        }
        guard !writers.isEmpty else { return }
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    /// Returns false if the body would get longer than announced, or must be empty.
    func append(_ bytes: [UInt8], to target: ActiveExchange) -> Bool {
        guard case .exchanging(_, .streaming) = state.phase else { return false }
        if let remaining = target.remaining {
            guard bytes.count <= remaining else { return false }
            target.remaining = remaining - bytes.count
        }
        target.summary.bytesOut += bytes.count
        if target.framing == .chunked {
            ResponseEncoder.encodeChunk(bytes, into: &events.output)
        } else {
            sendLarge(bytes)
        }
        return true
    }

    /// The handler has written all of a streamed body, or failed to.
    func streamEnded(_ target: ActiveExchange, failed: Bool) {
        turn {
            guard exchange === target else { return }
            guard !failed, target.remaining ?? 0 == 0 else {
                return handle(.answerFailure, ConnectionError.wrongLength)
            }
            endAnswer(target)
        }
    }

    func endAnswer(_ target: ActiveExchange) {
        if target.framing == .chunked { ResponseEncoder.encodeLastChunk(into: &events.output) }
        limitRest(of: target)
        handle(.answerEnd)
        resumeInput()
    }
}
