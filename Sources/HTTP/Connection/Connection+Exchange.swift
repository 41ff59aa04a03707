import Dispatch
import Glibc
import HTTPTypes

extension Connection {
    /// Bytes of a body nobody wants that are read to keep the connection.
    private static let discardLimit = 64 * 1024

    func handle(_ event: RequestDecoder.Event, _ bytes: UnsafeRawBufferPointer) {
        switch event {
        case .head(let head): begin(head)
        case .expectContinue: handle(.continueExpected)
        case .body(let range): take(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .end: handle(.bodyEnd)
        case .failure(let error): handle(.malformed, error)
        }
    }

    // MARK: Requests

    private func begin(_ head: RequestHead) {
        let client =
            isTrusted
            ? ForwardedFields.client(head.fields, from: remoteAddress, trusting: configuration.trustedProxies)
            : remoteAddress
        let exchange = ActiveExchange(head, id: requestID(head), remoteAddress: client)
        self.exchange = exchange
        var request = Request(head: head, id: exchange.id, remoteAddress: client, body: .none)
        do {
            switch try events.context.router.resolve(&request) {
            case .options(let allowed):
                dropBody(of: head)
                respond(Router.options(allowed))
            case .route(let route):
                exchange.route = route
                start(route, request, exchange)
            }
        } catch {
            dropBody(of: head)
            respond(events.context.router.failed(error, request))
        }
    }

    private func start(_ route: Route, _ request: Request, _ exchange: ActiveExchange) {
        switch (route.action, route.body) {
        case (.immediate(let handler), _):
            dropBody(of: request.head)
            do { respond(try handler(request)) } catch { respond(events.context.router.failed(error, request)) }
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
        let refused = exchange ?? ActiveExchange(nil, id: events.ids.next(), remoteAddress: remoteAddress)
        exchange = refused
        respond(events.context.router.failed(error, refused.request))
    }

    // MARK: Handlers

    /// The body is complete.
    func startGathered() {
        guard let exchange, var request = exchange.request, let route = exchange.route else {
            preconditionFailure("a body was gathered for no handler")
        }
        exchange.request = nil
        request.body = .bytes(exchange.gathered)
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
                let response: Response
                do { response = try result.get() } catch { response = events.context.router.failed(error, request) }
                events.post { [self] in answered(exchange, response) }
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
        events.post { [self] in answered(exchange, response) }
        guard case .stream(let stream) = response.body, exchange.method != .head else { return }
        do {
            try await stream.produce(ResponseWriter { try await self.write($0, for: exchange) })
            events.post { [self] in streamEnded(exchange, failed: false) }
        } catch {
            events.post { [self] in streamEnded(exchange, failed: true) }
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
        exchange.framing = ResponseEncoder.framing(of: response, minorVersion: exchange.minorVersion)
        exchange.status = response.status
        let isWhole = exchange.method == .head || exchange.framing == .none || response.body.isWhole
        // The head says whether the connection ends for that.
        if isWhole { limitRest(of: exchange) }
        let head = ResponseEncoder.Envelope(
            framing: exchange.framing,
            id: exchange.id,
            keepAlive: state.keepsAlive(isStreamed: !isWhole, isLast: exchange.framing == .untilClose),
            minorVersion: exchange.minorVersion,
            now: Self.secondsSince1970()
        )
        let answer = ConnectionState.Event.answer(isStreamed: !isWhole, isLast: exchange.framing == .untilClose)
        guard isWhole else {
            handle(answer)
            events.encoder.encodeHead(response, head, into: &events.output)
            return startStreaming(response.body, exchange)
        }
        events.encoder.encodeHead(response, head, into: &events.output)
        if case .bytes(let bytes) = response.body, exchange.method != .head, exchange.framing != .none {
            exchange.bytesOut = bytes.count
            sendLarge(bytes)
        }
        handle(answer)
    }

    private func startStreaming(_ body: ResponseBody, _ exchange: ActiveExchange) {
        switch body {
        case .file(let file, let range):
            exchange.remaining = range.count
            exchange.file = (file, range)
            sendFile(exchange)
        case .stream(let stream):
            exchange.remaining = stream.length
        case .empty, .bytes:
            break
        }
    }

    /// Nobody reads on; what is left of the body is worth reading only if there is little of it.
    func limitRest(of exchange: ActiveExchange) {
        exchange.endBody(.failure(ConnectionError.closedByClient))
        decoder.bodyLimit = min(decoder.bodyLimit, exchange.bytesIn + Self.discardLimit)
        if let rest = decoder.remainingLength, rest > Self.discardLimit { handle(.restTooLarge) }
    }

    private static func secondsSince1970() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return time.tv_sec
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
