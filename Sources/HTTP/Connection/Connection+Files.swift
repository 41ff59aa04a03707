import Dispatch

extension Connection {
    /// Read from a file or sent from it at a time.
    private static let filePiece = 256 * 1024
    /// Sent from a file before other connections get their turn.
    private static let fileBatch = 1 << 20

    /// Sends more of the file that is the body of the answer.
    func sendFile(_ exchange: ActiveExchange) {
        guard case .plain(let socket) = transport else { return readPiece(exchange) }
        flush(more: true)
        // Its descriptor may be another connection's by now.
        guard state.phase != .closed else { return }
        var budget = Self.fileBatch
        exchange.file?.wait = .room
        // What is before it has to be sent first.
        while unsentCount == 0, let outgoing = exchange.file, !outgoing.rest.isEmpty {
            let piece = outgoing.rest.prefix(Self.filePiece)
            guard budget > 0 else { return goOnLater(exchange) }
            // The kernel would read on this queue what is not in its cache: a slow disk must not hold up the others here.
            guard piece.upperBound <= outgoing.loaded || outgoing.file.isCached(piece) else {
                return load(piece, exchange)
            }
            switch socket.send(outgoing.file, piece) {
            case .bytes(let count, _):
                clock.sent(count)
                budget -= count
                exchange.summary.bytesOut += count
                events.counters.bytesSent += count
                exchange.remaining = exchange.remaining.map { $0 - count }
                exchange.file?.rest = outgoing.rest.dropFirst(count)
            case .wouldBlock: return waitForRoom()
            // The file has become shorter than was announced.
            case .end: return handle(.answerFailure, ConnectionError.wrongLength)
            case .failed: return handle(.gone)
            }
        }
        guard exchange.file?.rest.isEmpty == true else { return }
        exchange.file = nil
        endAnswer(exchange)
    }

    private func goOnLater(_ exchange: ActiveExchange) {
        exchange.file?.wait = .turn
        events.post { [self] in goOn(with: exchange) }
    }

    private func load(_ piece: Range<Int>, _ exchange: ActiveExchange) {
        guard let file = exchange.file?.file else { return }
        exchange.file?.wait = .disk
        OpenFile.reading.async { [self] in
            file.load(piece)
            events.post { [self] in
                exchange.file?.loaded = piece.upperBound
                goOn(with: exchange)
            }
        }
    }

    private func goOn(with exchange: ActiveExchange) {
        turn {
            guard self.exchange === exchange else { return }
            exchange.file?.wait = .nothing
            sendFile(exchange)
        }
    }

    /// Has the next piece of the file read, to be encrypted. Not on the connection's queue, either.
    private func readPiece(_ exchange: ActiveExchange) {
        guard let outgoing = exchange.file else { return }
        // Until the piece is here, no other is asked for.
        exchange.file?.wait = .disk
        let piece = outgoing.rest.prefix(Self.filePiece)
        OpenFile.reading.async { [self] in
            let bytes = try? outgoing.file.read(at: piece.lowerBound, count: piece.count)
            events.post { [self] in
                turn {
                    guard self.exchange === exchange else { return }
                    // The file has become shorter than was announced.
                    guard let bytes, !bytes.isEmpty else { return handle(.answerFailure, ConnectionError.wrongLength) }
                    let rest = outgoing.rest.dropFirst(bytes.count)
                    exchange.file?.rest = rest
                    exchange.file?.wait = .room
                    if rest.isEmpty { exchange.file = nil }
                    guard append(bytes, to: exchange) else { return }
                    if rest.isEmpty { endAnswer(exchange) }
                }
            }
        }
    }
}
