import Emotion
import HTTP
import HTTPTypes

/// `POST /v1/models/{model}/predict`.
struct PredictRoute: Sendable {
    let backend: Backend

    func add(to router: inout Router) {
        router.on(
            .post,
            "/v1/models/{model}/predict",
            body: .buffered(limit: backend.configuration.maxPredictSize),
            handler: predict
        )
    }

    @Sendable private func predict(_ request: Request) async throws -> Response {
        let name = request.parameters.require("model")
        let version = request.query["version"]
        if let version, version.hasPrefix("@") {
            throw Problem.notFound("alias \(version.dropFirst()) of model \(name)")
        }
        let record = try await backend.models.find(name, version: version)
        let predictor = backend.predictor
        let loaded = try await predictor.cache.model(record)
        let body = request.body.bytes
        let wanted = try await predictor.document { try PredictRequest(body, for: loaded) }
        let clips = wanted.clips.compactMap { try? $0.get() }
        guard !clips.isEmpty else { throw Self.allBad(wanted) }
        let outcome = try await predictor.predict(clips, with: loaded, explaining: wanted.explain)
        return try await predictor.document { .encoding(PredictResponse(wanted, outcome, by: loaded)) }
    }

    /// Every clip is bad, and so is the request.
    private static func allBad(_ request: PredictRequest) -> Problem {
        let errors = request.clips.compactMap { clip -> ClipError? in
            if case .failure(let error) = clip { error } else { nil }
        }
        return .invalid(
            errors.prefix(100).map { FieldError(pointer: $0.pointer, detail: $0.detail) },
            code: errors.first?.code.rawValue ?? "invalid_request"
        )
    }
}
