import Dispatch

extension Connection {
    /// A body of so many bytes is sent from where it is instead of being copied behind its head.
    private static let largeBody = 32 * 1024
    /// Read from a file at a time.
    private static let fileChunk = 128 * 1024
    /// Pieces of a file sent before other connections get their turn.
    private static let fileBatch = 8

    /// Sends what this turn has put into the output buffer, as far as the socket takes it.
    ///
    /// - Parameter more: more will be sent at once.
    func flush(more: Bool = false) {
        guard !events.output.isEmpty, phase != .closed else { return }
        if unsentCount > 0 {
            unsent += events.output
            events.output.removeAll(keepingCapacity: true)
            return
        }
        let sent = events.output.withUnsafeBytes { send($0, more: more) }
        if sent < events.output.count, phase != .closed {
            unsent = Array(events.output[sent...])
            unsentOffset = 0
        }
        events.output.removeAll(keepingCapacity: true)
    }

    func sendUnsent() {
        guard unsentCount > 0 else { return }
        unsentOffset += unsent.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[unsentOffset...])) }
        guard unsentOffset == unsent.count else { return }
        unsent = []
        unsentOffset = 0
    }

    /// Sends a large body without copying it.
    func sendLarge(_ bytes: [UInt8]) {
        guard bytes.count >= Self.largeBody else {
            events.output += bytes
            return
        }
        flush(more: true)
        guard phase != .closed else { return }
        if unsentCount > 0 {
            unsent += bytes
        } else {
            unsent = bytes
            unsentOffset = 0
            sendUnsent()
        }
    }

    /// Returns how many bytes the socket took; closes if it fails.
    private func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) -> Int {
        switch socket.send(bytes, more: more) {
        case .bytes(let count):
            hasProgress = true
            return count
        case .wouldBlock, .end:
            return 0
        case .failed:
            close(.closedByClient)
            return 0
        }
    }

    /// Sends the file that is the body of the answer, as far as the socket takes it.
    func pumpFile() {
        for _ in 0..<Self.fileBatch {
            guard phase != .closed, unsentCount == 0, let exchange, case .file(let file, let offset) = exchange.answer
            else { return }
            guard let bytes = try? file.read(at: offset, count: min(Self.fileChunk, file.size - offset)),
                !bytes.isEmpty
            else { return close(.wrongLength) }
            exchange.bytesOut += bytes.count
            let end = offset + bytes.count
            exchange.answer = .file(file, offset: end)
            unsent = bytes
            unsentOffset = 0
            sendUnsent()
            if end == file.size, phase != .closed {
                answerCompleted(exchange)
                decodeUnread()
                flush()
            }
        }
        if exchange != nil, unsentCount == 0 { events.queue.async { [self] in turn {} } }
    }

    // MARK: Streamed answers

    /// Sends a piece of a streamed body. Returns when the client is not too far behind.
    func write(_ bytes: [UInt8], for target: ActiveExchange) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            events.queue.async { [self] in
                guard phase != .closed, exchange === target else {
                    return continuation.resume(throwing: ConnectionError.closedByClient)
                }
                turn {
                    if append(bytes, to: target) {
                        writers.append(continuation)
                    } else {
                        continuation.resume(throwing: ConnectionError.wrongLength)
                    }
                }
            }
        }
    }

    func resumeWriters(with result: Result<Void, any Error>) {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume(with: result) }
    }

    /// Returns false if the body would get longer than announced, or must be empty.
    private func append(_ bytes: [UInt8], to target: ActiveExchange) -> Bool {
        guard case .streaming(let framing, let remaining) = target.answer else { return false }
        if let remaining {
            guard bytes.count <= remaining else { return false }
            target.answer = .streaming(framing: framing, remaining: remaining - bytes.count)
        }
        target.bytesOut += bytes.count
        if framing == .chunked {
            ResponseEncoder.encodeChunk(bytes, into: &events.output)
        } else {
            sendLarge(bytes)
        }
        return true
    }

    /// The handler has written all of a streamed body, or failed to.
    func streamEnded(_ target: ActiveExchange, failed: Bool) {
        turn {
            guard exchange === target, case .streaming(let framing, let remaining) = target.answer else { return }
            guard !failed, remaining ?? 0 == 0 else { return close(.wrongLength) }
            if framing == .chunked { ResponseEncoder.encodeLastChunk(into: &events.output) }
            answerCompleted(target)
            decodeUnread()
        }
    }
}
