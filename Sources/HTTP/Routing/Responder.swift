import Synchronization

/// Takes the answer to one request, from whatever thread it is made on. To be called once.
package final class Responder: Sendable {
    private let cancelled = Atomic(false)
    private let doubted = Atomic(false)
    private let answer: @Sendable (Result<Response, any Error>) -> Void

    package init(answer: @escaping @Sendable (Result<Response, any Error>) -> Void) {
        self.answer = answer
    }

    /// Whether the client has gone away, so that no one waits for the answer any more.
    package var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Whether the client has said that it will send no more. So do clients that have gone away, and those that only say that
    /// this was their last request.
    package var mayBeGone: Bool { doubted.load(ordering: .relaxed) }

    func doubt() { doubted.store(true, ordering: .relaxed) }

    package func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// - Precondition: the body of the response is not a stream.
    package func respond(_ result: Result<Response, any Error>) {
        if case .success(let response) = result, case .stream = response.body {
            preconditionFailure("a deferred handler has no task to produce a stream in")
        }
        answer(result)
    }

    /// Answers with what `body` returns or throws.
    package func respond(_ body: () throws -> Response) { respond(Result(catching: body)) }
}
