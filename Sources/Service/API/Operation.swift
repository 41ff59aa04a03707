import HTTP
import HTTPTypes

/// An operation of the API, declared once: the same declaration routes and checks its requests and describes it in
/// `/openapi.json`.
struct Operation: Sendable {
    /// The kind of key that lets a client ask for it.
    enum Scope: String, Sendable, CaseIterable {
        /// Open to everyone, as probes must be.
        case none
        case predict
        case train
        case admin
    }

    /// What is done with the body of a request.
    enum Body: Sendable {
        /// There is none; a small one that comes all the same is dropped.
        case none
        /// A JSON document of at most `limit` bytes.
        case json(Schema, limit: Int)
        /// JSON that is not read by its schema, which only describes it, or a body of one of the types `others`; of at most
        /// `limit` bytes.
        case described(Schema, others: [String], limit: Int)
        /// A file of one of these types, of at most `limit` bytes, that the handler takes as it comes.
        case file(types: [String], limit: Int)
    }

    /// Where the handler runs.
    enum Handler: Sendable {
        /// On the connection's queue: for answers from memory.
        case immediate(Router.ImmediateHandler)
        /// In a task on threads for documents, where it may read and write them.
        case task(Router.Handler)
        /// It takes the request to queues of its own.
        case deferred(Router.DeferredHandler)
    }

    /// An answer to a request that did not fail.
    struct Answer: Sendable {
        enum Content: Sendable {
            case none
            case json(Schema)
            /// JSON, or a stream of events to clients that ask for that.
            case jsonOrEvents(Schema)
            /// JSON, or one of these types to clients that ask for that.
            case jsonOr(Schema, types: [String])
            case other(type: String)
        }

        var status: HTTPResponse.Status = .ok
        let summary: String
        var content: Content = .none
        /// Names of fields, with what they say.
        var fields: [HTTPField.Name: String] = [:]

        /// To a client that has it already.
        static let unchanged = Answer(status: .notModified, summary: "If-None-Match names what there is")
    }

    /// Unique, for generated clients.
    let id: String
    let method: HTTPRequest.Method
    /// With the names of ``path`` in braces.
    let pattern: String
    let tag: String
    let scope: Scope
    let summary: String
    /// What the names in the pattern stand for.
    var path: [Schema.Member] = []
    var query: [Schema.Member] = []
    /// Fields of the header besides those of HTTP.
    var header: [Schema.Member] = []
    var body: Body = .none
    /// Whether a body whose type is not said is taken for JSON.
    var isTypeOptional = false
    /// Takes bodies of other types as they come, instead of the handler.
    var streaming: Router.Streaming?
    let answers: [Answer]
    /// Statuses of failures besides those that follow from the rest of the declaration.
    var failures: [HTTPResponse.Status] = []
    let handler: Handler
    /// Refuses a request by its head when it could not be served, before its body has come; throws a ``Problem``.
    var gate: (@Sendable (Request) throws -> Void)?
}

extension Operation {
    /// The statuses of all failures that a well-formed request can meet.
    var allFailures: [HTTPResponse.Status] {
        var statuses: Set<HTTPResponse.Status> = [
            .badRequest, .uriTooLong, .misdirectedRequest, .requestHeaderFieldsTooLarge,
        ]
        statuses.formUnion(failures)
        if scope != .none { statuses.formUnion([.unauthorized, .forbidden, .tooManyRequests]) }
        if !path.isEmpty { statuses.insert(.notFound) }
        if answers.contains(where: { $0.status == .notModified }) { statuses.insert(.preconditionFailed) }
        if case .none = body {} else { statuses.formUnion([.contentTooLarge, .unsupportedMediaType]) }
        switch body {
        case .json, .described: statuses.insert(.unprocessableContent)
        case .none, .file: break
        }
        return statuses.sorted { $0.code < $1.code }
    }

    /// The media types of a body; empty where there is none.
    var mediaTypes: [String] {
        switch body {
        case .none: []
        case .json: ["application/json"]
        case .described(_, let others, _): ["application/json"] + others + (streaming?.types ?? [])
        case .file(let types, _): types
        }
    }

    private var policy: BodyPolicy {
        switch body {
        case .none: .none
        case .json(_, let limit), .described(_, _, let limit): .buffered(limit: limit)
        case .file(_, let limit): .streamed(limit: limit)
        }
    }

    /// Has `router` answer its requests, once they are admitted.
    func add(to router: inout Router, for authorization: Authorization) {
        let admission = Admission(to: self, for: authorization)
        let admit: Router.Admission = { [gate] request in
            try admission.admit(&request)
            try gate?(request)
        }
        switch handler {
        case .immediate(let handler): router.on(method, pattern, admit: admit, immediate: handler)
        case .task(let handler):
            router.on(method, pattern, body: policy, admit: admit) { request in
                let started = ContinuousClock.now
                var response = try await handler(request)
                response.fields[.serverTiming] = "total;dur=\(((.now - started) / .microseconds(1)).rounded() / 1000)"
                return response
            }
        case .deferred(let handler):
            router.on(method, pattern, body: policy, admit: admit, deferred: handler, streaming: streaming)
        }
    }
}

extension HTTPField.Name {
    /// How long the parts of an answer took (W3C Server Timing).
    static let serverTiming = Self("Server-Timing")!
}

extension HTTPResponse.Status {
    static let insufficientStorage = Self(code: 507, reasonPhrase: "Insufficient Storage")
}
