import JSON
import HTTP
import HTTPTypes
import Platform

/// The document that describes the API (OpenAPI 3.1), made from the declarations of its operations.
struct OpenAPI {
    let operations: [Operation]

    /// `GET /openapi.json`, which describes itself as well.
    static func operation(describing others: [Operation]) -> Operation {
        let own = { (handler: @escaping Router.ImmediateHandler) in
            Operation(
                id: "getDescription", method: .get, pattern: "/openapi.json", tag: "description", scope: .none,
                summary: "Describe the API (OpenAPI 3.1)",
                answers: [
                    .init(
                        summary: "The description", content: .json(.object([], others: .any)),
                        fields: [.eTag: "Changes with the description"]),
                    .unchanged,
                ],
                handler: .immediate(handler)
            )
        }
        let description = OpenAPI(operations: others + [own { _ in Response() }]).document
        guard case .bytes(let bytes) = Response.encoding(description).body else {
            preconditionFailure("a document is encoded to bytes")
        }
        let tag = "\"\(SHA256.digest(of: bytes).suffix(32))\""
        return own { request in try request.notModified(tag) ?? .json(bytes, fields: [.eTag: tag]) }
    }

    var document: JSONValue {
        var components: [String: JSONValue] = [:]
        var paths: [String: JSONValue] = [:]
        for operation in operations {
            var methods = paths[operation.pattern]?.members ?? [:]
            methods[operation.method.rawValue.lowercased()] = Self.description(of: operation, &components)
            paths[operation.pattern] = .object(methods)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Limbic", "version": "1.0.0",
                "description": "Trains and serves multi-modal recognition of emotions.",
            ],
            "tags": .array(tags.map { ["name": .string($0)] }),
            "paths": .object(paths),
            "components": [
                "schemas": .object(components),
                "securitySchemes": [
                    "key": [
                        "type": "http", "scheme": "bearer",
                        "description": "A key of `limbic key create` or `POST /v1/keys`; none where there is none yet.",
                    ]
                ],
            ],
        ]
    }

    private var tags: [String] {
        operations.reduce(into: []) { tags, operation in
            if !tags.contains(operation.tag) { tags.append(operation.tag) }
        }
    }

    private static func description(of operation: Operation, _ components: inout [String: JSONValue]) -> JSONValue {
        var parameters: [JSONValue] = []
        for member in operation.path { parameters.append(parameter(member, in: "path", &components)) }
        for member in operation.query { parameters.append(parameter(member, in: "query", &components)) }
        for member in operation.header { parameters.append(parameter(member, in: "header", &components)) }
        var responses: [String: JSONValue] = [:]
        for answer in operation.answers {
            responses[String(answer.status.code)] = response(answer, &components)
        }
        let failure = Problem.schema.description(&components)
        for status in operation.allFailures {
            responses[String(status.code)] = [
                "description": .string(status.reasonPhrase),
                "content": ["application/problem+json": ["schema": failure]],
            ]
        }
        var description: [String: JSONValue] = [
            "operationId": .string(operation.id),
            "summary": .string(operation.summary),
            "tags": [.string(operation.tag)],
            "responses": .object(responses),
            "security": security(operation.scope),
        ]
        if !parameters.isEmpty { description["parameters"] = .array(parameters) }
        if let body = body(operation, &components) { description["requestBody"] = body }
        return .object(description)
    }

    /// A service without keys takes requests without one.
    private static func security(_ scope: Operation.Scope) -> JSONValue {
        scope == .none ? [] : [["key": [.string(scope.rawValue)]], [:]]
    }

    private static func parameter(
        _ member: Schema.Member,
        in place: String,
        _ components: inout [String: JSONValue]
    ) -> JSONValue {
        var schema = member.schema
        // What is not given is left out: a text cannot be null.
        schema.isNullable = false
        schema.summary = nil
        var description: [String: JSONValue] = [
            "name": .string(member.name), "in": .string(place), "required": .bool(member.isRequired),
            "schema": schema.description(&components),
        ]
        if let summary = member.schema.summary { description["description"] = .string(summary) }
        if case .array = schema.kind { description["explode"] = false }
        return .object(description)
    }

    private static func body(_ operation: Operation, _ components: inout [String: JSONValue]) -> JSONValue? {
        let content: JSONValue
        switch operation.body {
        case .none: return nil
        case .json(let schema, _), .described(let schema, _, _):
            content = ["schema": schema.description(&components)]
        case .file: content = [:]
        }
        let types = operation.mediaTypes.map { ($0, $0 == "application/json" ? content : [:]) }
        return [
            "required": .bool(!operation.isTypeOptional), "content": .object(Dictionary(uniqueKeysWithValues: types)),
        ]
    }

    private static func response(_ answer: Operation.Answer, _ components: inout [String: JSONValue]) -> JSONValue {
        var description: [String: JSONValue] = ["description": .string(answer.summary)]
        switch answer.content {
        case .none: break
        case .json(let schema):
            description["content"] = ["application/json": ["schema": schema.description(&components)]]
        case .jsonOrEvents(let schema):
            description["content"] = [
                "application/json": ["schema": schema.description(&components)], "text/event-stream": [:],
            ]
        case .jsonOr(let schema, let types):
            var content = Dictionary(uniqueKeysWithValues: types.map { ($0, [:] as JSONValue) })
            content["application/json"] = ["schema": schema.description(&components)]
            description["content"] = .object(content)
        case .other(let type):
            description["content"] = .object([type: [:]])
        }
        if !answer.fields.isEmpty {
            let fields = answer.fields.map { name, summary in
                (name.rawName, ["description": .string(summary), "schema": ["type": "string"]] as JSONValue)
            }
            description["headers"] = .object(Dictionary(uniqueKeysWithValues: fields))
        }
        return .object(description)
    }
}
