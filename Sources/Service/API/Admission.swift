import JSON
import HTTP
import HTTPTypes

/// What a request has shown of itself before its body is read.
final class Admitted: Sendable {
    let operation: Operation
    /// The parameters of the query.
    let query: Values

    init(_ operation: Operation, query: Values = Values([:])) {
        self.operation = operation
        self.query = query
    }
}

/// Decides by the head of a request to an operation whether it may go on. Cheap: it runs on the queue of the connection.
struct Admission: Sendable {
    /// Of requests without a query, which most are.
    private let plain: Admitted
    private let authorization: Authorization

    init(to operation: Operation, for authorization: Authorization) {
        plain = Admitted(operation)
        self.authorization = authorization
    }

    /// - Throws: ``Problem`` with what the request is refused for.
    func admit(_ request: inout Request) throws(Problem) {
        try authorization.check(&request, for: plain.operation.scope)
        if request.hasBody { try Self.checkType(request, plain.operation) }
        request.admitted =
            request.hasQuery
            ? Admitted(plain.operation, query: try Self.query(request, plain.operation.query)) : plain
    }

    private static func checkType(_ request: Request, _ operation: Operation) throws(Problem) {
        let types = operation.mediaTypes
        let type = request.fields.mediaType
        if operation.isTypeOptional, type == nil { return }
        if case .file = operation.body, type == nil { return }
        guard !types.isEmpty, !(type.map(types.contains) ?? false) else { return }
        let sent = type.map { "not \($0.quoted)" } ?? "and is missing"
        throw Problem(
            .unsupportedMediaType,
            code: "unsupported_media_type",
            detail: "Content-Type must be \(types.joined(separator: " or ")), \(sent)",
            fields: [.accept: types.joined(separator: ", ")]
        )
    }

    // MARK: Query

    private static func query(_ request: Request, _ parameters: [Schema.Member]) throws(Problem) -> Values {
        var values: [String: JSONValue] = [:]
        for pair in request.query {
            guard let parameter = parameters.first(where: { $0.name == pair.name }) else {
                let names = parameters.map(\.name).joined(separator: ", ")
                let hint = names.isEmpty ? "this operation has no parameters" : "there are: \(names)"
                throw .query(pair.name, "no such parameter; \(hint)")
            }
            if case .array = parameter.schema.kind {
                let words = pair.value.split(separator: ",", omittingEmptySubsequences: false).map {
                    JSONValue.string(String($0))
                }
                values[pair.name] = .array((values[pair.name]?.elements ?? []) + words)
            } else {
                guard values[pair.name] == nil else { throw .query(pair.name, "is given more than once") }
                values[pair.name] = parameter.schema.value(of: pair.value)
            }
        }
        for parameter in parameters {
            guard let value = values[parameter.name] else { continue }
            var errors = FieldErrors()
            parameter.schema.check(value, at: "", &errors)
            if let error = errors.listed.first { throw .query(parameter.name, error.detail) }
        }
        return Values(values)
    }
}

extension Schema {
    /// What a text in a query stands for.
    fileprivate func value(of text: String) -> JSONValue {
        switch kind {
        case .integer: Int(text).map { .integer($0) } ?? .string(text)
        case .number: Double(text).map { .number($0) } ?? .string(text)
        case .boolean: text == "true" ? true : text == "false" ? false : .string(text)
        case .choice(let choices):
            choices.lazy.map { $0.value(of: text) }.first { if case .string = $0 { false } else { true } }
                ?? .string(text)
        default: .string(text)
        }
    }
}

extension Request {
    /// - Precondition: the request has been admitted to an operation.
    var admission: Admitted {
        guard let admitted = admitted as? Admitted else { preconditionFailure("the request was not admitted") }
        return admitted
    }

    /// A parameter of the query.
    subscript<Value>(field: Field<Value>) -> Value { admission.query[field] }

    /// The body, read and checked by the schema of the operation.
    ///
    /// - Throws: ``Problem`` with all that is wrong with it, ``RequestError`` if it cannot be decompressed.
    func document() throws -> Values {
        guard case .json(let schema, _) = admission.operation.body else {
            preconditionFailure("the operation takes no document")
        }
        let bytes = try body.bytes
        let value: JSONValue
        if bytes.isEmpty, admission.operation.isTypeOptional {
            value = [:]
        } else {
            do throws(JSONError) { value = try JSONReader.value(bytes) } catch { throw Problem.malformedJSON(error) }
        }
        var errors = FieldErrors()
        schema.check(value, at: "", &errors)
        guard errors.isEmpty else { throw Problem.invalid(errors) }
        return Values(value)
    }
}
