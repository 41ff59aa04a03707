import Emotion
import HTTP
import HTTPTypes

/// Answers a stream of clips, one in JSON per line, by a stream of predictions in their order. One group of lines is under way
/// at a time, so that memory does not depend on their number.
struct PredictStream: Sendable {
    let predictor: Predictor
    let version: ModelVersion
    /// The options.
    let query: Values
    /// Of each group of lines, from when it has come.
    let timeout: Duration?
    let urgency: Int
    /// The most bytes of a line.
    let lineLimit: Int

    func response(to body: RequestBody) -> Response {
        Response(
            fields: [.contentType: AnswerType.lines.rawValue],
            body: .stream { writer in
                var groups = LineGroups(limit: lineLimit)
                do {
                    for try await chunk in body.stream {
                        groups.take(chunk)
                        while let group = try groups.next() { try await writer.write(answer(to: group)) }
                    }
                    groups.finish()
                    while let group = try groups.next() { try await writer.write(answer(to: group)) }
                } catch let error as LineGroups.TooLong {
                    let problem = Problem(
                        .contentTooLarge, code: "too_large", detail: "a line has more than \(lineLimit) bytes")
                    try await writer.write(Self.line(problem, error.line))
                } catch let error as RequestError {
                    // What comes is no body: it is too late for a status.
                    try await writer.write(Self.line(ErrorMapping.problem(error), nil))
                }
            })
    }

    private func answer(to group: LineGroups.Group) async throws -> [UInt8] {
        do {
            let response = try await predict(group)
            guard case .bytes(let bytes) = response.body else { preconditionFailure("lines are answered in bytes") }
            return bytes
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let problem = ErrorMapping.problem(error)
            return group.lines.flatMap { Self.line(problem, $0.number) }
        }
    }

    private func predict(_ group: LineGroups.Group) async throws -> Response {
        let (answers, continuation) = AsyncStream.makeStream(of: Result<Response, any Error>.self)
        let responder = Responder { continuation.yield($0) }
        predictor.predict(
            .bytes(group.bytes), as: LinesForm(query: query, lines: group.lines), with: version, timeout: timeout,
            urgency: urgency, for: responder)
        return try await withTaskCancellationHandler {
            for await answer in answers { return try answer.get() }
            throw CancellationError()
        } onCancel: {
            responder.cancel()
        }
    }

    /// An error in the place of a prediction.
    private static func line(_ problem: Problem, _ number: Int?) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("error") {
                $0.object {
                    $0.member("code") { $0.value(problem.code) }
                    $0.member("detail") { $0.value(problem.detail.shortened(to: 500)) }
                    $0.member("pointer") { $0.value("") }
                }
            }
            if let number { $0.member("line") { $0.value(number) } }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
