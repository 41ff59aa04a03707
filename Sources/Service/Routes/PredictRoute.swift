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

    var operation: Operation {
        Operation(
            id: "predict", method: .post, pattern: "/v1/models/{model}/predict", tag: "models", scope: .predict,
            summary: "Predict the emotions of clips",
            path: [Self.model.member],
            query: [Self.version.member],
            header: [Self.timeout.member, Self.priority.member],
            body: .described(PredictRequest.schema, limit: backend.configuration.maxPredictSize),
            answers: [
                .init(
                    summary: "A prediction or an error for each clip, in their order; 422 when there is no prediction",
                    content: .json(PredictResponse.schema))
            ],
            failures: [.tooManyRequests, .serviceUnavailable, .gatewayTimeout],
            handler: .deferred(predict)
        )
    }

    @Sendable private func predict(_ request: Request, _ responder: Responder) {
        do throws(Problem) {
            let name = request.parameters.require("model")
            let version = try backend.registry.find(name, version: request[Self.version])
            backend.predictor.predict(
                request.body, with: version, timeout: try Self.timeout(of: request), urgency: Self.urgency(of: request),
                for: responder)
        } catch {
            responder.respond(.failure(error))
        }
    }

    private static func timeout(of request: Request) throws(Problem) -> Duration? {
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
