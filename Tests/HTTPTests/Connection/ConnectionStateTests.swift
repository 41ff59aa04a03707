import Testing

@testable import HTTP

/// The table of what a connection does, without a socket.
@Suite struct ConnectionStateTests {
    typealias Event = ConnectionState.Event
    typealias Actions = ConnectionState.Actions
    typealias Phase = ConnectionState.Phase

    /// What happens, one thing after another; what is to be done about the last of them; and what is next.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let events: [Event]
        let actions: Actions
        let phase: Phase

        init(_ description: String, _ events: [Event], _ actions: Actions, _ phase: Phase) {
            testDescription = description
            self.events = events
            self.actions = actions
            self.phase = phase
        }
    }

    private static func head(_ input: ConnectionState.Input, keepAlive: Bool = true) -> Event {
        .head(input, keepAlive: keepAlive)
    }
    private static let answer = Event.answer(isStreamed: false, isLast: false)
    private static let streamed = Event.answer(isStreamed: true, isLast: false)
    private static let quiet = Event.sent(isQuiet: true)
    private static let aborted: Actions = [.failBody, .cancel, .report, .close]

    static let rows: [Row] = [
        // Whole exchanges.
        Row(
            "an answer before the end of a small body waits for that", [head(.dropped), answer], [],
            .exchanging(.dropped, .complete)),
        Row("and is over with it", [head(.dropped), answer, .bodyEnd], .report, .waiting),
        Row("the body may end first", [head(.dropped), .bodyEnd], [], .exchanging(.complete, .pending)),
        Row("then the answer is the end", [head(.dropped), .bodyEnd, answer], .report, .waiting),
        Row(
            "a gathered body starts the handler", [head(.gathered), .bodyEnd], .start, .exchanging(.complete, .pending)),
        Row("a piped body ends for its reader", [head(.piped), .bodyEnd], .endBody, .exchanging(.complete, .pending)),
        Row("a streamed answer goes on", [head(.dropped), .bodyEnd, streamed], [], .exchanging(.complete, .streaming)),
        Row("until its end", [head(.dropped), .bodyEnd, streamed, .answerEnd], .report, .waiting),
        Row(
            "a body may end while the answer is streamed", [head(.piped), streamed, .bodyEnd, .answerEnd], .report,
            .waiting),

        // Back-pressure.
        Row("a full consumer holds the client", [head(.piped), .consumerFull], [], .exchanging(.held, .pending)),
        Row("until it asks for more", [head(.piped), .consumerFull, .demand], [], .exchanging(.piped, .pending)),
        Row(
            "a held body may be answered", [head(.piped), .consumerFull, answer], [], .exchanging(.dropped, .complete)),

        // 100 Continue.
        Row(
            "a gathered body is asked for at once", [head(.gathered), .continueExpected], .sendContinue,
            .exchanging(.gathered, .pending)),
        Row("a piped one when it is wanted", [head(.piped), .continueExpected], [], .exchanging(.owed, .pending)),
        Row("which is now", [head(.piped), .continueExpected, .demand], .sendContinue, .exchanging(.piped, .pending)),
        Row("an answer makes the body needless", [head(.piped), .continueExpected, answer], .report, .finishing),
        Row(
            "but not a streamed one", [head(.piped), .continueExpected, streamed], .sendContinue,
            .exchanging(.piped, .streaming)),

        // What ends a connection, and how.
        Row("Connection: close", [head(.dropped, keepAlive: false), .bodyEnd, answer], .report, .finishing),
        Row("closes when all is sent", [head(.dropped, keepAlive: false), .bodyEnd, answer, quiet], .close, .closed),
        Row(
            "but not on what was not read",
            [head(.dropped, keepAlive: false), .bodyEnd, answer, .sent(isQuiet: false)],
            .finishSending, .lingering),
        Row(
            "an answer that only the end can end",
            [head(.dropped), .bodyEnd, .answer(isStreamed: true, isLast: true), .answerEnd], .report, .finishing),
        Row("a body that is not read ends it", [head(.abandoned), answer], .report, .finishing),
        Row("and what is still sent is dropped", [head(.abandoned), answer, quiet], .finishSending, .lingering),
        Row("until the client closes", [head(.abandoned), answer, quiet, .inputEnd], .close, .closed),
        Row("or for some time", [head(.abandoned), answer, quiet, .timeout], .close, .closed),
        Row("or is reset", [head(.abandoned), answer, quiet, .gone], .close, .closed),

        Row("much of a body that nobody reads", [head(.piped), .restTooLarge, answer], .report, .finishing),
        Row("also behind a stream", [head(.piped), streamed, .restTooLarge, .answerEnd], .report, .finishing),
        Row(
            "a body that is owed is decided with the answer", [head(.piped), .continueExpected, .restTooLarge], [],
            .exchanging(.owed, .pending)),

        // What cannot be understood.
        Row("no request", [.malformed], .refuse, .exchanging(.abandoned, .pending)),
        Row("its refusal is the last answer", [.malformed, answer], .report, .finishing),
        Row("a gathered body", [head(.gathered), .malformed], .refuse, .exchanging(.abandoned, .pending)),
        Row(
            "a piped body is its handler's affair", [head(.piped), .malformed], .failBody,
            .exchanging(.abandoned, .pending)),
        Row(
            "also when it is held", [head(.piped), .consumerFull, .malformed], .failBody,
            .exchanging(.abandoned, .pending)),
        Row(
            "also when it is answered", [head(.piped), streamed, .malformed], .failBody,
            .exchanging(.abandoned, .streaming)),
        Row("too much of a body that is dropped", [head(.dropped), .malformed], [], .exchanging(.abandoned, .pending)),
        Row("after its answer", [head(.dropped), answer, .malformed], .report, .finishing),

        // A client that will ask no more, and one that has gone.
        Row("half a connection closed between requests", [.inputEnd], [], .finishing),
        Row("has nothing to wait for", [.inputEnd, .sent(isQuiet: false)], .close, .closed),
        Row(
            "while a handler works: it works on", [head(.dropped), .bodyEnd, .inputEnd], [],
            .exchanging(.complete, .pending)),
        Row("and its answer is the last", [head(.dropped), .bodyEnd, .inputEnd, answer], .report, .finishing),
        Row("in a body: there will be none", [head(.piped), .inputEnd], aborted, .closed),
        Row("in a body that is gathered", [head(.gathered), .inputEnd], aborted, .closed),
        Row("a reset between requests", [.gone], .close, .closed),
        Row("while a handler works: it need not", [head(.dropped), .bodyEnd, .gone], aborted, .closed),
        Row("while an answer is streamed", [head(.dropped), .bodyEnd, streamed, .gone], aborted, .closed),
        Row(
            "while the rest of an answer is sent", [head(.dropped, keepAlive: false), .bodyEnd, answer, .gone], .close,
            .closed),

        // A handler that fails.
        Row("a stream that breaks off", [head(.dropped), .bodyEnd, streamed, .answerFailure], aborted, .closed),

        // Time.
        Row("nothing came", [.timeout], .close, .closed),
        Row("nothing was taken", [head(.dropped), .bodyEnd, streamed, .timeout], aborted, .closed),

        // The server stops.
        Row("an idle connection", [.drain(isIdle: true)], [], .finishing),
        Row("half a head", [.drain(isIdle: false)], [], .waiting),
        Row(
            "whose request is the last", [.drain(isIdle: false), head(.dropped), .bodyEnd, answer], .report, .finishing),
        Row(
            "a request under way is answered", [head(.dropped), .bodyEnd, .drain(isIdle: false), answer], .report,
            .finishing),
        Row(
            "a stream of events is to end", [head(.dropped), .bodyEnd, streamed, .drain(isIdle: false)], .endEvents,
            .exchanging(.complete, .streaming)),
        Row(
            "and is the last answer", [head(.dropped), .bodyEnd, streamed, .drain(isIdle: false), .answerEnd], .report,
            .finishing),
        Row("or not, when time is up", [head(.dropped), .bodyEnd, .drain(isIdle: false), .shutDown], aborted, .closed),

        // What comes too late.
        Row("an answer after the client went", [head(.dropped), .gone, answer], [], .closed),
        Row("a second answer", [head(.dropped), .bodyEnd, answer, answer], [], .waiting),
        Row("the end of a stream that was cut", [head(.dropped), .bodyEnd, streamed, .gone, .answerEnd], [], .closed),
        Row("a body asked for after its end", [head(.piped), .bodyEnd, .demand], [], .exchanging(.complete, .pending)),
    ]

    @Test(arguments: rows)
    func followsTheTable(_ row: Row) {
        var state = ConnectionState()
        var actions: Actions = []
        for event in row.events { actions = state.handle(event) }
        #expect(actions == row.actions)
        #expect(state.phase == row.phase)
    }

    @Test(arguments: rows)
    func readsOnlyWhatItHasUseFor(_ row: Row) {
        var state = ConnectionState()
        for event in row.events { _ = state.handle(event) }
        switch state.phase {
        case .waiting, .exchanging(.dropped, _), .exchanging(.gathered, _), .exchanging(.piped, _):
            #expect(state.decodes && state.reads)
        case .lingering: #expect(!state.decodes && state.reads)
        case .exchanging, .finishing, .closed: #expect(!state.decodes && !state.reads)
        }
    }

    /// What the head of an answer says of the connection is what becomes of it.
    @Test(arguments: [true, false], ConnectionState.Input.all)
    func keepsWhatTheHeadSays(isStreamed: Bool, input: ConnectionState.Input) {
        for (isLast, isDraining) in [(false, false), (false, true), (true, false), (true, true)] {
            var state = ConnectionState()
            for event in input.events { _ = state.handle(event) }
            if isDraining { _ = state.handle(.drain(isIdle: false)) }
            let promise = state.keepsAlive(isStreamed: isStreamed, isLast: isLast)
            _ = state.handle(.answer(isStreamed: isStreamed, isLast: isLast))
            if isStreamed { _ = state.handle(.answerEnd) }
            if case .exchanging = state.phase { _ = state.handle(.bodyEnd) }
            #expect(state.phase == (promise ? .waiting : .finishing))
        }
    }
}

extension ConnectionState.Input {
    fileprivate static let all: [Self] = [.dropped, .gathered, .piped, .held, .owed, .complete, .abandoned]

    /// What leads to it.
    fileprivate var events: [ConnectionState.Event] {
        switch self {
        case .dropped, .gathered, .piped, .abandoned: [.head(self, keepAlive: true)]
        case .held: [.head(.piped, keepAlive: true), .consumerFull]
        case .owed: [.head(.piped, keepAlive: true), .continueExpected]
        case .complete: [.head(.dropped, keepAlive: true), .bodyEnd]
        }
    }
}
