import Dispatch
import Glibc
import HTTPTypes

extension Connection {
    /// Bytes of a body nobody wants that are read to keep the connection.
    private static let discardLimit = 64 * 1024

    func handle(_ event: RequestDecoder.Event, _ bytes: UnsafeRawBufferPointer) {
        switch event {
        case .head(let head): begin(head)
        case .expectContinue: expectContinue()
        case .body(let range): take(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .end: bodyCompleted()
        case .failure(let error): if exchange == nil { refuse(error) } else { bodyFailed(error) }
        }
    }

    // MARK: Requests

    private func begin(_ head: RequestHead) {
        let exchange = ActiveExchange(
            id: requestID(head),
            remoteAddress: remoteAddress,
            method: head.method,
            minorVersion: head.minorVersion,
            keepAlive: head.keepAlive,
            start: EventQueue.now()
        )
        self.exchange = exchange
        var request = Request(head: head, id: exchange.id, remoteAddress: remoteAddress, body: .none)
        do {
            switch try events.context.router.resolve(&request) {
            case .options(let allowed):
                discardBody(of: head)
                respond(Router.options(allowed))
            case .route(let route):
                exchange.route = route
                start(route, request, exchange)
            }
        } catch {
            discardBody(of: head)
            respond(events.context.router.failed(error, request))
        }
    }

    private func start(_ route: Route, _ request: Request, _ exchange: ActiveExchange) {
        switch (route.action, route.body) {
        case (.immediate(let handler), _):
            discardBody(of: request.head)
            do { respond(try handler(request)) } catch { respond(events.context.router.failed(error, request)) }
        case (_, .none):
            discardBody(of: request.head)
            run(route, request, exchange)
        case (_, .buffered(let limit)):
            decoder.bodyLimit = limit
            exchange.request = request
            exchange.body = .buffered(Self.buffer(for: request.head, limit: limit))
        case (_, .streamed(let limit)):
            decoder.bodyLimit = limit
            let pipe = BodyPipe { [self] in
                events.queue.async { [self] in bodyDemanded(exchange) }
            }
            exchange.body = .piped(pipe)
            var request = request
            request.body = .pipe(pipe)
            run(route, request, exchange)
        }
    }

    private func requestID(_ head: RequestHead) -> RequestID {
        guard let value = head.fields.valueRange(of: .requestID), RequestID.isValid(head.fields.bytes[value]) else {
            return events.ids.next()
        }
        return .received(head.fields.string(value))
    }

    /// Small bodies are read and dropped; for others, and for clients that wait for a `100 Continue` they will not get,
    /// the connection ends with the answer.
    private func discardBody(of head: RequestHead) {
        decoder.bodyLimit = Self.discardLimit
        switch head.framing {
        case .none, .length(0): return
        case .length(let length) where length <= Self.discardLimit && !head.expectsContinue: return
        case .chunked where !head.expectsContinue: return
        default: abandonInput()
        }
    }

    private func abandonInput() {
        isInputAbandoned = true
        exchange?.keepAlive = false
        exchange?.isBodyComplete = true
    }

    private static func buffer(for head: RequestHead, limit: Int) -> [UInt8] {
        var buffer: [UInt8] = []
        // What the client claims is not worth more memory than this before it has sent anything.
        if case .length(let length) = head.framing { buffer.reserveCapacity(min(length, limit, 1 << 20)) }
        return buffer
    }

    private func expectContinue() {
        guard let exchange else { return }
        switch exchange.body {
        case .buffered: events.output += ResponseEncoder.continue
        case .piped: exchange.owesContinue = true
        case .discarded: break
        }
        isBodyPaused = exchange.owesContinue
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        guard let exchange else { return }
        exchange.bytesIn += bytes.count
        hasProgress = true
        switch exchange.body {
        case .discarded:
            break
        case .buffered(var buffer):
            // The only reference, or appending would copy.
            exchange.body = .discarded
            buffer.append(contentsOf: bytes)
            exchange.body = .buffered(buffer)
        case .piped(let pipe):
            isBodyPaused = !pipe.append(bytes)
        }
    }

    private func bodyCompleted() {
        guard let exchange else { return }
        exchange.isBodyComplete = true
        switch exchange.body {
        case .discarded:
            break
        case .buffered(let buffer):
            exchange.body = .discarded
            guard var request = exchange.request, let route = exchange.route else {
                preconditionFailure("a body was gathered for no handler")
            }
            exchange.request = nil
            request.body = .bytes(buffer)
            run(route, request, exchange)
        case .piped(let pipe):
            pipe.finish()
            exchange.body = .discarded
        }
        finishExchangeIfOver(exchange)
    }

    /// The body breaks the protocol, is too large or does not come.
    func bodyFailed(_ error: RequestError) {
        guard let exchange else { return }
        abandonInput()
        switch exchange.body {
        case .discarded:
            finishExchangeIfOver(exchange)
        case .buffered:
            respond(events.context.router.failed(error, exchange.request))
        case .piped(let pipe):
            pipe.finish(.failure(error))
            exchange.body = .discarded
            finishExchangeIfOver(exchange)
        }
    }

    /// Answers what could not be understood as a request, and ends the connection.
    func refuse(_ error: RequestError) {
        let exchange = ActiveExchange(
            id: events.ids.next(),
            remoteAddress: remoteAddress,
            method: nil,
            minorVersion: 1,
            keepAlive: false,
            start: EventQueue.now()
        )
        self.exchange = exchange
        abandonInput()
        respond(events.context.router.failed(error, nil))
    }

    // MARK: Answers

    /// Calls a handler that answers later.
    private func run(_ route: Route, _ request: Request, _ exchange: ActiveExchange) {
        switch route.action {
        case .immediate:
            preconditionFailure("an immediate handler has answered already")
        case .task(let handler):
            let task = Task(executorPreference: events.context.router.executor) { [self] in
                await serve(handler, request, exchange)
            }
            exchange.cancel = { task.cancel() }
        case .deferred(let handler):
            let responder = Responder { [self] result in
                let response: Response
                do { response = try result.get() } catch { response = events.context.router.failed(error, request) }
                events.queue.async { [self] in answered(exchange, response) }
            }
            exchange.cancel = { responder.cancel() }
            handler(request, responder)
        }
    }

    /// Not on the connection's queue: a handler that decodes a large document or writes to a slow disk must not hold up
    /// the other connections there.
    private func serve(_ handler: Router.Handler, _ request: Request, _ exchange: ActiveExchange) async {
        let response: Response
        do {
            response = try await handler(request)
        } catch {
            response = events.context.router.failed(error, request)
        }
        events.queue.async { [self] in answered(exchange, response) }
        guard case .stream(let stream) = response.body, exchange.method != .head else { return }
        do {
            try await stream.produce(ResponseWriter { try await self.write($0, for: exchange) })
            events.queue.async { [self] in streamEnded(exchange, failed: false) }
        } catch {
            events.queue.async { [self] in streamEnded(exchange, failed: true) }
        }
    }

    private func answered(_ answered: ActiveExchange, _ response: Response) {
        turn {
            guard exchange === answered, answered.isAnswerPending else { return }
            respond(response)
            decodeUnread()
        }
    }

    /// Encodes the response to the request under way.
    private func respond(_ response: Response) {
        guard let exchange else { return }
        let framing = ResponseEncoder.framing(of: response, minorVersion: exchange.minorVersion)
        if framing == .untilClose || events.isDraining { exchange.keepAlive = false }
        settleContinue(exchange, response)
        exchange.status = response.status
        events.encoder.encodeHead(
            response,
            ResponseEncoder.Envelope(
                framing: framing,
                id: exchange.id,
                keepAlive: exchange.keepAlive,
                minorVersion: exchange.minorVersion,
                now: Self.secondsSince1970()
            ),
            into: &events.output
        )
        if exchange.method == .head || framing == .none { return answerCompleted(exchange) }
        switch response.body {
        case .empty:
            answerCompleted(exchange)
        case .bytes(let bytes):
            exchange.bytesOut = bytes.count
            sendLarge(bytes)
            answerCompleted(exchange)
        case .file(let file):
            exchange.answer = .file(file, offset: 0)
            if file.size == 0 { answerCompleted(exchange) }
        case .stream(let stream):
            exchange.answer = .streaming(framing: framing, remaining: stream.length)
        }
    }

    /// After the head of the answer it is too late for `100 Continue`: now or never.
    private func settleContinue(_ exchange: ActiveExchange, _ response: Response) {
        guard exchange.owesContinue else { return }
        exchange.owesContinue = false
        if case .stream = response.body {
            // The producer may be about to read the body it answers to.
            events.output += ResponseEncoder.continue
        } else {
            abandonInput()
        }
    }

    func answerCompleted(_ exchange: ActiveExchange) {
        exchange.answer = .complete
        if case .piped = exchange.body, !exchange.isBodyComplete {
            // Nobody reads on; what is left is worth reading only if there is little of it.
            exchange.body = .discarded
            isBodyPaused = false
            decoder.bodyLimit = min(decoder.bodyLimit, exchange.bytesIn + Self.discardLimit)
        }
        finishExchangeIfOver(exchange)
    }

    private func finishExchangeIfOver(_ finished: ActiveExchange) {
        guard exchange === finished, finished.isBodyComplete, finished.isAnswerComplete else { return }
        exchange = nil
        isBodyPaused = false
        hasProgress = true
        events.context.observe?(finished.summary(end: EventQueue.now()))
        if !finished.keepAlive || events.isDraining { finish() }
    }

    private static func secondsSince1970() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return time.tv_sec
    }
}
