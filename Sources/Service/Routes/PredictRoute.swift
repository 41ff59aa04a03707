import Emotion
import Foundation
import HTTP
import HTTPTypes

/// `POST /v1/models/{model}/predict`.
struct PredictRoute: Sendable {
    let backend: Backend

    private static let model = Field.string("model", "The name of a model")
    private static let version = Field.optionalString(
        "version",
        pattern: .init(
            "^([1-9][0-9]*|@[A-Za-z0-9][A-Za-z0-9._-]*)$", rule: "be the number of a version or @ and an alias"),
        "The number of a version, or @ and an alias; when it is not given, the version of the alias default, else the newest"
    )

    /// In milliseconds.
    private static let timeouts = 1...86_400_000
    private static let timeout = Field.optionalInteger(
        "X-Request-Timeout-Ms", timeouts,
        "For how long the client waits; then it gets 504, and what is not computed by then is left out")
    private static let priority = Field.optionalString(
        "Priority",
        "u=0 to u=7: what is computed first when there is more than one prediction to be made (RFC 9218); 3 if not given"
    )

    static let waiting = [timeout.member, priority.member]

    var operation: Operation {
        Operation(
            id: "predict", method: .post, pattern: "/v1/models/{model}/predict", tag: "models", scope: .predict,
            summary: "Predict the emotions of clips",
            path: [Self.model.member],
            query: [Self.version.member] + PredictOptions.members,
            header: Self.waiting,
            body: .described(
                JSONForm.schema, others: NPZForm.types + SafetensorsForm.types,
                limit: backend.configuration.maxPredictSize),
            streaming: .init(types: Self.lineTypes, limit: backend.configuration.maxUploadSize, handler: stream),
            answers: [
                .init(
                    summary:
                        "A prediction or an error for each clip, in their order; 422 when there is no prediction. Lines are "
                        + "answered in lines, as they come: read them while you send",
                    content: .jsonOr(JSONAnswer.schema, types: AnswerType.others))
            ],
            failures: [.notAcceptable, .tooManyRequests, .serviceUnavailable, .gatewayTimeout],
            handler: .deferred(predict),
            gate: admit
        )
    }

    private static let lineTypes = ["application/x-ndjson", "application/ndjson", "application/jsonl"]

    @Sendable func admit(_ request: Request) throws(Problem) {
        try backend.predictor.admit(timeout: Self.timeout(of: request), urgency: Self.urgency(of: request))
    }

    @Sendable private func predict(_ request: Request, _ responder: Responder) {
        do throws(Problem) {
            backend.predictor.predict(
                request.body, as: try Self.form(of: request), with: try version(of: request),
                timeout: try Self.timeout(of: request), urgency: Self.urgency(of: request), for: responder)
        } catch {
            responder.respond(.failure(error))
        }
    }

    @Sendable private func stream(_ request: Request) async throws -> Response {
        _ = try AnswerType.preferred(by: request.fields[.accept], of: [.lines])
        let stream = PredictStream(
            predictor: backend.predictor, version: try version(of: request), query: request.admission.query,
            timeout: try Self.timeout(of: request), urgency: Self.urgency(of: request),
            lineLimit: backend.configuration.maxPredictSize)
        return stream.response(to: request.body)
    }

    private static func form(of request: Request) throws(Problem) -> any PredictionForm {
        let answer = try AnswerType.preferred(by: request.fields[.accept])
        let query = request.admission.query
        switch request.fields.mediaType {
        case let type? where NPZForm.types.contains(type): return NPZForm(query: query, type: answer)
        case let type? where SafetensorsForm.types.contains(type): return SafetensorsForm(query: query, type: answer)
        default: return JSONForm(query: query, type: answer)
        }
    }

    private func version(of request: Request) throws(Problem) -> ModelVersion {
        try backend.registry.find(request.parameters.require("model"), version: request[Self.version])
    }

    static func timeout(of request: Request) throws(Problem) -> Duration? {
        guard let text = request.fields[.requestTimeout] else { return nil }
        guard let number = Int(text), timeouts.contains(number) else {
            throw .header(
                timeout.member.name,
                "must be a number of milliseconds from \(timeouts.lowerBound) to \(timeouts.upperBound)")
        }
        return .milliseconds(number)
    }

    /// What cannot be read is left out of account, and the last of several counts (RFC 9218, section 4; RFC 8941).
    static func urgency(of request: Request) -> Int {
        var urgency = 3
        for member in (request.fields[.priority] ?? "").split(separator: ",") {
            let item = member.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces)
            if item.count == 3, item.hasPrefix("u="), let number = item.last?.wholeNumberValue, number < 8 {
                urgency = number
            }
        }
        return urgency
    }
}

extension HTTPField.Name {
    fileprivate static let requestTimeout = HTTPField.Name("X-Request-Timeout-Ms")!
    fileprivate static let priority = HTTPField.Name("Priority")!
}
