import Emotion
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
        "The number of a version; the newest when it is not given")

    var operation: Operation {
        Operation(
            id: "predict", method: .post, pattern: "/v1/models/{model}/predict", tag: "models", scope: .predict,
            summary: "Predict the emotions of clips",
            path: [Self.model.member],
            query: [Self.version.member],
            body: .described(PredictRequest.schema, limit: backend.configuration.maxPredictSize),
            answers: [
                .init(
                    summary: "A prediction or an error for each clip, in their order; 422 when there is no prediction",
                    content: .json(PredictResponse.schema))
            ],
            failures: [.serviceUnavailable],
            handler: .deferred(predict)
        )
    }

    @Sendable private func predict(_ request: Request, _ responder: Responder) {
        do throws(Problem) {
            let name = request.parameters.require("model")
            let wanted = request[Self.version]
            if let wanted, wanted.hasPrefix("@") {
                throw Problem.notFound("alias \(wanted.dropFirst()) of model \(name)")
            }
            let version = try backend.registry.find(name, version: wanted)
            backend.predictor.predict(request.body, with: version, for: responder)
        } catch {
            responder.respond(.failure(error))
        }
    }
}
