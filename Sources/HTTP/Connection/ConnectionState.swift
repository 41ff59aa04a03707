/// What a connection does about its requests, without a socket: told what happens, it says what is to be done (RFC 9112
/// section 9).
///
/// Requests are answered one after another. ``Connection`` carries bytes, and decides nothing that is decided here.
struct ConnectionState: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
        /// Between two requests, or in the head of one.
        case waiting
        /// A request is under way.
        case exchanging(Input, Output)
        /// No request will be taken any more; closes when all is sent.
        case finishing
        /// All is sent, and the client knows that it was the last. What it still sends is read and dropped, since to close
        /// on it would reset the connection and destroy answers that the client has not read yet (RFC 9112 section 9.6).
        case lingering
        case closed
    }

    /// Where the body of the request is.
    enum Input: Equatable, Sendable {
        /// It is read, and nobody wants it.
        case dropped
        /// It is gathered for the handler, which starts when it is complete.
        case gathered
        /// It is handed on piece by piece.
        case piped
        /// The same, but the consumer is behind, and no more is read.
        case held
        /// The same, and the client waits for `100 Continue`, which it gets when the body is asked for.
        case owed
        case complete
        /// What comes is not wanted, or has no known meaning: it is not even read. The connection ends with the answer.
        case abandoned
    }

    /// How far the answer is.
    enum Output: Equatable, Sendable {
        case pending
        /// Its head is out, and its body comes piece by piece.
        case streaming
        /// It is encoded as a whole.
        case complete
    }

    enum Event: Equatable, Sendable {
        /// A request has been found; `keepAlive` is what its head says.
        case head(Input, keepAlive: Bool)
        /// The client waits for `100 Continue`.
        case continueExpected
        /// What takes the pieces of the body has enough of them for now.
        case consumerFull
        /// The handler asks for the body, or for more of it.
        case demand
        case bodyEnd
        /// What came is no request or no body, there is too much of it, or it came too slowly.
        case malformed
        /// What is left of a body that nobody reads any more is not worth reading.
        case restTooLarge
        /// The handler, or who refuses the request, has an answer: a whole one, or one that will be streamed. `isLast`: only
        /// the end of the connection can end it.
        case answer(isStreamed: Bool, isLast: Bool)
        /// All of a streamed answer is encoded.
        case answerEnd
        /// A streamed answer cannot be completed.
        case answerFailure
        /// All that was encoded is sent. `isQuiet`: the client has sent nothing that was not read.
        case sent(isQuiet: Bool)
        /// The client has closed its sending side; all before that has been decoded.
        case inputEnd
        /// The connection was reset.
        case gone
        /// Nothing came, or nothing was taken, in time.
        case timeout
        /// The server stops: what is under way is finished. `isIdle`: the client has not begun a request.
        case drain(isIdle: Bool)
        /// The server stops now.
        case shutDown
    }

    /// What is to be done, in this order.
    struct Actions: OptionSet, Sendable {
        let rawValue: UInt16

        /// Send `100 Continue`.
        static let sendContinue = Actions(rawValue: 1 << 0)
        /// Start the handler that waited for the whole body.
        static let start = Actions(rawValue: 1 << 1)
        /// Answer with what is wrong.
        static let refuse = Actions(rawValue: 1 << 2)
        /// Tell the consumer of the body that it is complete.
        static let endBody = Actions(rawValue: 1 << 3)
        /// Tell it that there will be no more.
        static let failBody = Actions(rawValue: 1 << 4)
        /// Tell the handler that no one waits for its answer.
        static let cancel = Actions(rawValue: 1 << 5)
        /// The exchange is over: report it.
        static let report = Actions(rawValue: 1 << 6)
        /// Tell the client that no more will be sent.
        static let finishSending = Actions(rawValue: 1 << 7)
        static let close = Actions(rawValue: 1 << 8)
        /// The answer, if it is a stream of events, is to end with those there are.
        static let endEvents = Actions(rawValue: 1 << 9)
    }

    private(set) var phase = Phase.waiting
    /// Whether the connection goes on after the request under way. What the head of the answer says.
    private(set) var keepAlive = true
    private(set) var isDraining = false
    private(set) var hasInputEnded = false
    /// Whether the end of what the client sends is known, so that nothing of it can be left unread.
    private var isInputWhole = true

    /// Whether more of what the client has sent is to be decoded.
    var decodes: Bool {
        switch phase {
        case .waiting, .exchanging(.dropped, _), .exchanging(.gathered, _), .exchanging(.piped, _): true
        case .exchanging, .finishing, .lingering, .closed: false
        }
    }

    /// Whether bytes are to be taken from the socket.
    var reads: Bool { (decodes || phase == .lingering) && !hasInputEnded }

    /// Whether the answer to the request under way can still be given.
    var awaitsAnswer: Bool {
        guard case .exchanging(_, .pending) = phase else { return false }
        return true
    }

    /// Whether the connection goes on after such an answer to the request under way, as its head has to say.
    func keepsAlive(isStreamed: Bool, isLast: Bool) -> Bool {
        keepAlive && !isDraining && !isLast && (isStreamed || phase != .exchanging(.owed, .pending))
    }

    mutating func handle(_ event: Event) -> Actions {
        switch (phase, event) {
        case (.closed, _):
            return []
        case (_, .shutDown), (_, .gone):
            return abort()

        // The client.
        case (.waiting, .head(let input, let keepAlive)):
            self.keepAlive = keepAlive && !isDraining && input != .abandoned
            isInputWhole = input != .abandoned
            phase = .exchanging(input, .pending)
            return []
        case (.exchanging(.gathered, .pending), .continueExpected):
            return .sendContinue
        case (.exchanging(.piped, .pending), .continueExpected):
            phase = .exchanging(.owed, .pending)
            return []
        case (.exchanging(.piped, let output), .consumerFull):
            phase = .exchanging(.held, output)
            return []
        case (.exchanging(.gathered, .pending), .bodyEnd):
            phase = .exchanging(.complete, .pending)
            return .start
        case (.exchanging(.piped, let output), .bodyEnd), (.exchanging(.held, let output), .bodyEnd):
            return complete(output, also: .endBody)
        case (.exchanging(.dropped, let output), .bodyEnd):
            return complete(output)
        case (.waiting, .malformed):
            abandonInput()
            phase = .exchanging(.abandoned, .pending)
            return .refuse
        case (.exchanging(.gathered, .pending), .malformed):
            abandonInput()
            phase = .exchanging(.abandoned, .pending)
            return .refuse
        case (.exchanging(.piped, let output), .malformed), (.exchanging(.held, let output), .malformed),
            (.exchanging(.owed, let output), .malformed):
            // The handler says what is to be answered.
            return abandon(output, also: .failBody)
        case (.exchanging(.dropped, let output), .malformed):
            return abandon(output)
        case (.waiting, .inputEnd):
            hasInputEnded = true
            phase = .finishing
            return []
        case (.exchanging(.complete, _), .inputEnd), (.exchanging(.abandoned, _), .inputEnd):
            // It only says that it will ask no more.
            hasInputEnded = true
            keepAlive = false
            return []
        case (.exchanging, .inputEnd):
            return abort()
        case (.finishing, .inputEnd):
            hasInputEnded = true
            return []
        case (.lingering, .inputEnd):
            return abort()

        // The handler.
        case (.exchanging(.held, let output), .demand):
            phase = .exchanging(.piped, output)
            return []
        case (.exchanging(.owed, .pending), .demand):
            phase = .exchanging(.piped, .pending)
            return .sendContinue
        case (.exchanging(.owed, .pending), .answer(let isStreamed, let isLast)):
            // After the head of the answer it is too late for `100 Continue`: now, for a handler that may be about to read
            // the body it answers to, or never.
            if isLast || isDraining { keepAlive = false }
            guard isStreamed else {
                abandonInput()
                return end()
            }
            phase = .exchanging(.piped, .streaming)
            return .sendContinue
        case (.exchanging(let input, .pending), .answer(let isStreamed, let isLast)):
            if isLast || isDraining { keepAlive = false }
            guard !isStreamed else {
                phase = .exchanging(input, .streaming)
                return []
            }
            return answered(input)
        case (.exchanging(let input, .streaming), .answerEnd):
            return answered(input)
        case (.exchanging(_, .streaming), .answerFailure):
            return abort()

        case (.exchanging(.piped, let output), .restTooLarge), (.exchanging(.held, let output), .restTooLarge),
            (.exchanging(.dropped, let output), .restTooLarge):
            return abandon(output)

        // Time, and the end.
        case (.waiting, .timeout):
            return abort()
        case (.exchanging, .timeout), (.finishing, .timeout), (.lingering, .timeout):
            return abort()
        case (.finishing, .sent(let isQuiet)):
            guard hasInputEnded || (isInputWhole && isQuiet) else {
                phase = .lingering
                return .finishSending
            }
            phase = .closed
            return .close
        case (.waiting, .drain(let isIdle)):
            isDraining = true
            if isIdle { phase = .finishing }
            return []
        case (.exchanging(_, .streaming), .drain):
            isDraining = true
            return .endEvents
        case (_, .drain):
            isDraining = true
            return []

        // What comes too late, or says nothing new.
        case (_, .sent), (_, .demand), (_, .answer), (_, .answerEnd), (_, .answerFailure), (_, .consumerFull),
            (_, .continueExpected), (_, .restTooLarge):
            return []
        case (_, .head), (_, .bodyEnd), (_, .malformed):
            preconditionFailure("\(event) in \(phase)")
        }
    }

    /// The answer is whole; of the body, what is small is still read.
    private mutating func answered(_ input: Input) -> Actions {
        switch input {
        case .complete, .abandoned:
            return end()
        case .dropped, .gathered, .piped, .held, .owed:
            phase = .exchanging(.dropped, .complete)
            return []
        }
    }

    /// The body is whole.
    private mutating func complete(_ output: Output, also actions: Actions = []) -> Actions {
        guard output == .complete else {
            phase = .exchanging(.complete, output)
            return actions
        }
        return actions.union(end())
    }

    /// Nothing more is read.
    private mutating func abandon(_ output: Output, also actions: Actions = []) -> Actions {
        abandonInput()
        guard output == .complete else {
            phase = .exchanging(.abandoned, output)
            return actions
        }
        return actions.union(end())
    }

    private mutating func abandonInput() {
        keepAlive = false
        isInputWhole = false
    }

    /// The exchange is over.
    private mutating func end() -> Actions {
        phase = keepAlive && !isDraining ? .waiting : .finishing
        return .report
    }

    private mutating func abort() -> Actions {
        defer { phase = .closed }
        guard case .exchanging = phase else { return .close }
        return [.failBody, .cancel, .report, .close]
    }
}
