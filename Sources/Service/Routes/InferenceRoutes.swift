import Emotion
import HTTP
import HTTPTypes
import Jobs
import JSON

/// `/v2`: the Open Inference Protocol, version 2, but for its health, which is ``Health``'s.
struct InferenceRoutes: Sendable {
    private let backend: Backend
    private let parsers: JSONParserPool

    private static let model = Field.string("model", "The name of a model")
    private static let version = Field.string("version", "The number of a version")
    private static let headerLength = Field.optionalInteger(
        InferenceForm.headerName, 0...Int.max,
        "Bytes of the JSON, not compressed, where those of tensors follow it")

    init(backend: Backend) {
        self.backend = backend
        var limits = JSONReader.Limits()
        limits.bytes = backend.configuration.maxPredictSize
        parsers = JSONParserPool(limits: limits)
    }

    var operations: [Operation] {
        let server = Response.json(Self.serverMetadata)
        return [
            Operation(
                id: "getServer", method: .get, pattern: "/v2", tag: "inference", scope: .none,
                summary: "Tell what the server is and which extensions of the protocol it has",
                answers: [.init(summary: "The server", content: .json(Self.serverSchema))],
                handler: .immediate { _ in server }
            )
        ] + operations(of: "", path: []) + operations(of: "/versions/{version}", path: [Self.version.member])
    }

    /// - Parameter path: the part of it that names the version, or nothing.
    private func operations(of version: String, path: [Schema.Member]) -> [Operation] {
        let (pattern, path) = ("/v2/models/{model}\(version)", [Self.model.member] + path)
        let name = version.isEmpty ? "" : "Version"
        return [
            Operation(
                id: "getInference\(name.isEmpty ? "Model" : name)", method: .get, pattern: pattern, tag: "inference",
                scope: .predict,
                summary: "Tell the inputs and outputs of a model",
                path: path,
                answers: [.init(summary: "Its metadata", content: .json(Self.metadataSchema))],
                handler: .immediate(metadata)
            ),
            Operation(
                id: "is\(name.isEmpty ? "Model" : name)Ready", method: .get, pattern: "\(pattern)/ready",
                tag: "inference", scope: .predict,
                summary: "Whether a model can be asked",
                path: path,
                answers: [
                    .init(
                        summary: "It can",
                        content: .json(.object([.init("name", .string()), .init("ready", .boolean)])))
                ],
                failures: [.serviceUnavailable],
                handler: .immediate(ready)
            ),
            Operation(
                id: "infer\(name)", method: .post, pattern: "\(pattern)/infer", tag: "inference", scope: .predict,
                summary: "Predict the emotions of clips that come as tensors",
                path: path,
                header: [Self.headerLength.member] + PredictRoute.waiting,
                body: .described(
                    Self.requestSchema, others: ["application/octet-stream"],
                    limit: backend.configuration.maxPredictSize),
                isTypeOptional: true,
                answers: [
                    .init(
                        summary: "The probabilities, in JSON or as bytes after it",
                        content: .jsonOr(Self.responseSchema, types: ["application/octet-stream"]),
                        fields: [.inferenceHeaderLength: "Bytes of the JSON, where those of tensors follow it"])
                ],
                failures: [.tooManyRequests, .serviceUnavailable, .gatewayTimeout],
                handler: .deferred(infer),
                gate: PredictRoute(backend: backend).admit
            ),
        ]
    }

    // MARK: Handlers

    @Sendable private func infer(_ request: Request, _ responder: Responder) {
        do throws(Problem) {
            let form = InferenceForm(
                version: try version(of: request), headerLength: try Self.headerLength(of: request), parsers: parsers)
            backend.predictor.predict(
                request.body, as: form, with: form.version, timeout: try PredictRoute.timeout(of: request),
                urgency: PredictRoute.urgency(of: request), for: responder)
        } catch {
            responder.respond(.failure(error))
        }
    }

    private func version(of request: Request) throws(Problem) -> ModelVersion {
        try backend.registry.find(
            request.parameters.require("model"), version: request.parameters["version"])
    }

    private static func headerLength(of request: Request) throws(Problem) -> Int? {
        guard let text = request.fields[.inferenceHeaderLength] else { return nil }
        guard let length = Int(text), length >= 0, text.utf8.first != UInt8(ascii: "+") else {
            throw .header(InferenceForm.headerName, "must be a number of bytes, not \(text.quoted)")
        }
        return length
    }

    @Sendable private func ready(_ request: Request) throws -> Response {
        let version = try version(of: request)
        if let reason = backend.predictor.cache.unreadiness(of: version) {
            throw Problem.unavailable(code: "model_not_ready", "\(version.title) is not ready: \(reason)")
        }
        var writer = JSONWriter()
        writer.object {
            $0.member("name") { $0.value(version.name) }
            $0.member("ready") { $0.value(true) }
        }
        return .json(writer.bytes)
    }

    @Sendable private func metadata(_ request: Request) throws -> Response {
        let version = try version(of: request)
        let versions =
            request.parameters["version"] == nil
            ? backend.registry.versions(of: version.name, after: nil, limit: .max).data.map(\.number).reversed()
            : [version.number]
        var writer = JSONWriter()
        writer.object {
            $0.member("inputs") {
                $0.array {
                    for modality in version.modalities {
                        Self.write(modality.name, "FP32", [-1, -1, modality.featureSize], to: &$0)
                        Self.write(modality.name + InferenceForm.lengthSuffix, "INT32", [-1], to: &$0)
                    }
                }
            }
            $0.member("name") { $0.value(version.name) }
            $0.member("outputs") {
                $0.array {
                    Self.write(
                        InferenceDocument.output, "FP32", [-1, version.labels.count], labels: version.labels, to: &$0)
                }
            }
            $0.member("platform") { $0.value("limbic") }
            $0.member("versions") { $0.array { for number in versions { $0.value(String(number)) } } }
        }
        return .json(writer.bytes)
    }

    private static func write(
        _ name: String, _ datatype: String, _ shape: [Int], labels: [String]? = nil, to writer: inout JSONWriter
    ) {
        writer.object {
            $0.member("datatype") { $0.value(datatype) }
            $0.member("name") { $0.value(name) }
            if let labels {
                $0.member("parameters") {
                    $0.object { $0.member("labels") { $0.array { for label in labels { $0.value(label) } } } }
                }
            }
            $0.member("shape") { $0.array { for size in shape { $0.value(size) } } }
        }
    }
}
