import Dispatch
import HTTPTypes

extension Connection {
    /// Bytes of a body nobody wants that are read to keep the connection.
    private static let discardLimit = 64 * 1024

    func handle(_ event: consuming RequestDecoder.Event, _ bytes: UnsafeRawBufferPointer) {
        switch event {
        case .head(let head): begin(head)
        case .expectContinue: handle(.continueExpected)
        case .body(let range): take(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .end: handle(.bodyEnd)
        case .failure(let error): handle(.malformed, error)
        }
    }

    // MARK: Requests

    private func begin(_ head: consuming RequestHead) {
        let id = requestID(head)
        let client =
            isTrusted
            ? ForwardedFields.client(head.fields, from: remoteAddress, trusting: configuration.trustedProxies)
            : remoteAddress
        let exchange = ActiveExchange(id, head.method, minorVersion: head.minorVersion, from: client, at: events.time)
        exchange.summary.traceID = head.fields.traceID
        self.exchange = exchange
        var request = Request(head: head, id: id, remoteAddress: client, body: .none)
        let resolution: Router.Resolution
        do {
            resolution = try events.context.router.resolve(&request)
            exchange.answerFields = request.answerFields
        } catch {
            exchange.answerFields = request.answerFields
            dropBody(of: request.head)
            return refuse(error, request)
        }
        switch resolution {
        case .options(let allowed):
            dropBody(of: request.head)
            respond(events.context.router.options(allowed, request))
        case .route(let route):
            exchange.summary.route = route
            start(route, consume request, exchange)
        }
    }

    private func start(_ route: Route, _ request: Request, _ exchange: ActiveExchange) {
        switch (route.action, route.body) {
        case (.immediate(let handler), _):
            dropBody(of: request.head)
            var response: Response
            do { response = try handler(request) } catch { response = events.context.router.failed(error, request) }
            switch response.body {
            case .empty, .bytes: break
            case .stream, .file:
                // A stream has no task here, and the end of a file would go on with the bytes that are being decoded.
                preconditionFailure("an immediate handler answers from memory")
            }
            if response.negotiateCoding(with: request) {
                compress(response, for: exchange)
            } else {
                respond(response)
            }
        case (_, .none):
            dropBody(of: request.head)
            run(route, request, exchange)
        case (_, .buffered(let limit)):
            decoder.bodyLimit = limit
            exchange.request = request
            exchange.gathered = Self.buffer(for: request.head, limit: limit)
            handle(.head(.gathered, keepAlive: request.head.keepAlive))
        case (_, .streamed(let limit)):
            decoder.bodyLimit = limit
            let pipe = BodyPipe { [self] in
                events.post { [self] in bodyDemanded(exchange) }
            }
            exchange.hand(to: pipe)
            handle(.head(.piped, keepAlive: request.head.keepAlive))
            var request = request
            request.body.take(pipe)
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
    private func dropBody(of head: RequestHead) {
        decoder.bodyLimit = Self.discardLimit
        let input: ConnectionState.Input =
            switch head.framing {
            case .none, .length(0): .dropped
            case .length(let length) where length <= Self.discardLimit && !head.expectsContinue: .dropped
            case .chunked where !head.expectsContinue: .dropped
            default: .abandoned
            }
        handle(.head(input, keepAlive: head.keepAlive))
    }

    private static func buffer(for head: RequestHead, limit: Int) -> [UInt8] {
        var buffer: [UInt8] = []
        // What the client claims is not worth more memory than this before it has sent anything.
        if case .length(let length) = head.framing { buffer.reserveCapacity(min(length, limit, 1 << 20)) }
        return buffer
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        clock.received(bytes.count)
        if exchange?.take(bytes) == false { handle(.consumerFull) }
    }

    /// The handler asks for (more of) the body.
    private func bodyDemanded(_ demanded: ActiveExchange) {
        turn {
            guard exchange === demanded else { return }
            handle(.demand)
            resumeInput()
        }
    }

    /// Answers what could not be understood as a request, or what is wrong with a body that was gathered.
    func refuse(_ error: any Error) {
        let refused =
            exchange
            ?? ActiveExchange(events.ids.next(), nil, minorVersion: 1, from: remoteAddress, at: events.time)
        exchange = refused
        refuse(error, refused.request)
    }

    private func refuse(_ error: any Error, _ request: Request?) {
        if let error = error as? any CodedError { events.counters.refuse(error.code) }
        respond(events.context.router.failed(error, request))
    }

    // MARK: Handlers

    /// The body is complete.
    func startGathered() {
        guard let exchange, var request = exchange.request, let route = exchange.summary.route else {
            preconditionFailure("a body was gathered for no handler")
        }
        exchange.request = nil
        request.body.take(exchange.gathered)
        exchange.gathered = []
        run(route, request, exchange)
    }

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
                var response: Response
                do { response = try result.get() } catch { response = events.context.router.failed(error, request) }
                if response.negotiateCoding(with: request) {
                    compress(response, for: exchange)
                } else {
                    events.post { [self, response] in answered(exchange, response) }
                }
            }
            exchange.cancel = { responder.cancel() }
            exchange.doubt = { responder.doubt() }
            if isInputEnding { responder.doubt() }
            handler(request, responder)
        }
    }

    /// Not on the connection's queue: a handler that decodes a large document or writes to a slow disk must not hold up
    /// the other connections there.
    private func serve(_ handler: Router.Handler, _ request: Request, _ exchange: ActiveExchange) async {
        var response: Response
        do {
            response = try await handler(request)
        } catch {
            response = events.context.router.failed(error, request)
        }
        if response.negotiateCoding(with: request) { response = response.compressed() }
        events.post { [self, response] in answered(exchange, response) }
        guard case .stream(let stream) = response.body, exchange.summary.method != .head else { return }
        do {
            let writer = ResponseWriter {
                try await self.write($0, for: exchange)
            } follow: {
                try await self.follow($0, for: exchange)
            }
            try await stream.produce(writer)
            events.post { [self] in streamEnded(exchange, failed: false) }
        } catch {
            events.post { [self] in streamEnded(exchange, failed: true) }
        }
    }

    /// Answers later: compressing takes time that neither the connections nor those who made the answer have.
    private func compress(_ response: Response, for exchange: ActiveExchange) {
        Response.compressing.async { [self] in
            let compressed = response.compressed()
            events.post { [self] in answered(exchange, compressed) }
        }
    }

    private func answered(_ answered: ActiveExchange, _ response: Response) {
        turn {
            guard exchange === answered else { return }
            respond(response)
            resumeInput()
        }
    }

    // MARK: Answers

    /// Encodes the response to the request under way.
    private func respond(_ response: Response) {
        guard let exchange, state.awaitsAnswer else { return }
        var response = response
        if !exchange.answerFields.isEmpty { response.fields.append(contentsOf: exchange.answerFields) }
        exchange.framing = ResponseEncoder.framing(of: response, minorVersion: exchange.minorVersion)
        exchange.summary.status = response.status
        let isWhole = exchange.summary.method == .head || exchange.framing == .none || response.body.isWhole
        // The head says whether the connection ends for that.
        if isWhole { limitRest(of: exchange) }
        let head = ResponseEncoder.Envelope(
            framing: exchange.framing,
            id: exchange.summary.id,
            keepAlive: state.keepsAlive(isStreamed: !isWhole, isLast: exchange.framing == .untilClose),
            minorVersion: exchange.minorVersion,
            now: events.second
        )
        let answer = ConnectionState.Event.answer(isStreamed: !isWhole, isLast: exchange.framing == .untilClose)
        guard isWhole else {
            handle(answer)
            events.encoder.encodeHead(response, head, into: &events.output)
            return startStreaming(response.body, exchange)
        }
        events.encoder.encodeHead(response, head, into: &events.output)
        if case .bytes(let bytes) = response.body, exchange.summary.method != .head, exchange.framing != .none {
            exchange.summary.bytesOut = bytes.count
            sendLarge(bytes)
        }
        handle(answer)
    }

    private func startStreaming(_ body: ResponseBody, _ exchange: ActiveExchange) {
        switch body {
        case .file(let file, let range):
            exchange.remaining = range.count
            exchange.file = OutgoingFile(file, range)
            sendFile(exchange)
        case .stream(let stream):
            exchange.remaining = stream.length
        case .empty, .bytes:
            break
        }
    }

    /// Nobody reads on; what is left of the body is worth reading only if there is little of it.
    func limitRest(of exchange: ActiveExchange) {
        exchange.dropBody()
        decoder.bodyLimit = min(decoder.bodyLimit, exchange.summary.bytesIn + Self.discardLimit)
        if let rest = decoder.remainingLength, rest > Self.discardLimit { handle(.restTooLarge) }
    }

}

extension ResponseBody {
    /// Whether all of it is at hand.
    fileprivate var isWhole: Bool {
        switch self {
        case .empty, .bytes: true
        case .file(_, let range): range.isEmpty
        case .stream: false
        }
    }
}
