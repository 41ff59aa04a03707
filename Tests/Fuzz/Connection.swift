@testable import HTTP

/// Drives ``ConnectionState`` as ``Connection`` does, with a handler, a client and a clock that do what the plan says.
func checkConnection(_ plan: Plan) {
    var connection = ModelConnection(plan)
    var pieces = plan.pieces[...]
    var index = 0
    while index < plan.steps.count || (!pieces.isEmpty && connection.state.phase != .closed) {
        let step = plan.steps[index % plan.steps.count]
        // What ends the connection happens once, or most of a stream would never be looked at.
        connection.take(step, isFirstRound: index < plan.steps.count)
        if connection.wantsBytes, let piece = pieces.popFirst() { connection.receive(Array(piece)) }
        index += 1
        guard index < plan.steps.count + 4 * plan.stream.count else { break }
    }
    connection.end()
}

private struct ModelConnection {
    /// The request under way, and what its handler has been told.
    struct Exchange {
        var policy: BodyPolicy
        var isStarted = false
        var isBodyEnded = false
    }

    var state = ConnectionState()
    var decoder: RequestDecoder
    let plan: Plan
    var exchange: Exchange?
    var unread: [UInt8] = []
    /// The consumer of a body has enough after the next piece.
    var isConsumerFull = false
    var requestCount = 0
    var wasLast = false

    init(_ plan: Plan) {
        self.plan = plan
        decoder = RequestDecoder(limits: plan.limits)
    }

    var wantsBytes: Bool { state.reads && unread.isEmpty && state.phase != .lingering }

    // MARK: What happens

    mutating func take(_ step: UInt8, isFirstRound: Bool) {
        switch step % 12 {
        case 0, 1: answer(isStreamed: false)
        case 2: answer(isStreamed: true)
        case 3: endAnswer()
        case 4:
            handle(.demand)
            decodeUnread()
        case 5: isConsumerFull = true
        case 6: answer(isStreamed: step & 16 != 0, isLast: true)
        case _ where !isFirstRound: break
        case 7: if case .exchanging(_, .streaming) = state.phase { handle(.answerFailure) }
        case 8: if wantsBytes { handle(.inputEnd) }
        case 9: handle(.drain(isIdle: decoder.isIdle && unread.isEmpty))
        case 10: expire()
        default: handle(step & 16 != 0 ? .gone : .shutDown)
        }
        finish()
    }

    mutating func receive(_ bytes: [UInt8]) {
        unread = bytes
        decodeUnread()
        finish()
    }

    /// The client reads all that comes and goes.
    mutating func end() {
        for _ in 0..<4 {
            answer(isStreamed: false)
            endAnswer()
            handle(.demand)
            decodeUnread()
            finish()
        }
        if state.reads { handle(.inputEnd) }
        for _ in 0..<4 {
            answer(isStreamed: false)
            endAnswer()
            finish()
        }
        handle(.gone)
        require(state.phase == .closed && exchange == nil, "still \(state.phase) when all was over")
    }

    private mutating func finish() {
        if state.phase == .finishing { handle(.sent(isQuiet: unread.isEmpty)) }
    }

    /// As ``Connection/expire()``.
    private mutating func expire() {
        switch state.phase {
        case .waiting where !decoder.isIdle: handle(.malformed)
        case .exchanging(.dropped, _), .exchanging(.gathered, _), .exchanging(.piped, _): handle(.malformed)
        case .waiting, .exchanging, .finishing, .lingering, .closed: handle(.timeout)
        }
    }

    // MARK: The client

    private mutating func decodeUnread() {
        let bytes = unread
        var offset = 0
        bytes.withUnsafeBytes {
            while state.decodes, let event = decoder.next($0, at: &offset) { handle(event) }
        }
        unread = Array(bytes[offset...])
        if state.phase == .lingering || state.phase == .closed { unread = [] }
    }

    private mutating func handle(_ event: RequestDecoder.Event) {
        switch event {
        case .head(let head): begin(head)
        case .expectContinue: handle(.continueExpected)
        case .body:
            guard isConsumerFull, case .streamed = exchange?.policy else { return }
            isConsumerFull = false
            handle(.consumerFull)
        case .end: handle(.bodyEnd)
        case .failure: handle(.malformed)
        }
    }

    private mutating func begin(_ head: RequestHead) {
        require(exchange == nil && !wasLast, "a request behind the last")
        decoder.bodyLimit = plan.bodyLimit
        let kind = plan.steps[requestCount % plan.steps.count] >> 5
        requestCount += 1
        switch kind {
        case 0, 1:
            exchange = Exchange(policy: .buffered(limit: plan.bodyLimit))
            handle(.head(.gathered, keepAlive: head.keepAlive))
        case 2, 3:
            exchange = Exchange(policy: .streamed(limit: plan.bodyLimit), isStarted: true)
            handle(.head(.piped, keepAlive: head.keepAlive))
        default:
            exchange = Exchange(policy: .none, isStarted: true)
            let isDropped = !head.expectsContinue && kind < 7
            handle(.head(isDropped ? .dropped : .abandoned, keepAlive: head.keepAlive))
            if kind & 1 == 0 { answer(isStreamed: false) }
        }
    }

    // MARK: The handler

    private mutating func answer(isStreamed: Bool, isLast: Bool = false) {
        guard state.awaitsAnswer, exchange?.isStarted == true else { return }
        if !isStreamed { limitRest() }
        guard state.awaitsAnswer else { return }
        let keepsAlive = state.keepsAlive(isStreamed: isStreamed, isLast: isLast)
        wasLast = !keepsAlive
        handle(.answer(isStreamed: isStreamed, isLast: isLast))
    }

    private mutating func endAnswer() {
        guard case .exchanging(_, .streaming) = state.phase else { return }
        limitRest()
        handle(.answerEnd)
        decodeUnread()
    }

    private mutating func limitRest() {
        exchange?.isBodyEnded = true
        decoder.bodyLimit = min(decoder.bodyLimit, plan.bodyLimit / 2)
        if let rest = decoder.remainingLength, rest > plan.bodyLimit / 2 { handle(.restTooLarge) }
    }

    // MARK: What is to be done

    private mutating func handle(_ event: ConnectionState.Event) {
        let before = state.phase
        let actions = state.handle(event)
        require(before != .closed || (actions.isEmpty && state.phase == .closed), "\(event) woke a closed connection")
        if actions.contains(.start) {
            require(exchange?.isStarted == false, "a handler started twice, or out of nothing")
            exchange?.isStarted = true
        }
        if actions.contains(.refuse) {
            exchange = exchange ?? Exchange(policy: .none)
            exchange?.isStarted = true
            answer(isStreamed: false)
            return
        }
        if actions.contains(.sendContinue) { require(exchange != nil, "100 Continue out of nothing") }
        if actions.contains(.endBody) || actions.contains(.failBody) { exchange?.isBodyEnded = true }
        if actions.contains(.report) {
            require(exchange != nil, "\(event) in \(before) reported an exchange that is not")
            exchange = nil
        }
        if actions.contains(.close) {
            require(state.phase == .closed && exchange == nil, "closed within an exchange")
        }
        switch state.phase {
        case .exchanging: require(exchange != nil, "\(event) in \(before) made an exchange out of nothing")
        case .waiting: require(exchange == nil && !wasLast, "\(event) in \(before) goes on behind the last answer")
        case .finishing, .lingering, .closed: require(exchange == nil, "\(event) in \(before) lost an exchange")
        }
    }
}
