import HTTP
import HTTPTypes

extension Problem {
    /// The document as it is sent. `error` is the detail again, for clients of the inference protocol.
    private struct Document: Encodable {
        let type = "about:blank"
        let title: String
        let status: Int
        let detail: String
        let error: String
        let code: String
        let requestID: String?
        let errors: [FieldError]?
        let errorsTotal: Int?
    }

    /// As the document looks.
    static let schema = Schema.object([
        .init("type", .string(format: "uri-reference")),
        .init("title", .string()),
        .init("status", .integer(100...599)),
        .init("detail", .string("What is wrong, for people")),
        .init("error", .string("The detail again")),
        .init("code", .string("What is wrong, for programs")),
        .init("request_id", .string(), isRequired: false),
        .init("errors", .array(of: error, count: 1...FieldErrors.limit, "The first of them"), isRequired: false),
        .init("errors_total", .integer(1...Int.max, "Fields that are wrong"), isRequired: false),
    ]).named("Problem")

    private static let error = Schema.object([
        .init("pointer", .string("A JSON pointer into the body")), .init("detail", .string()),
    ])

    /// However long what was asked is, the answer is not.
    func response(requestID: RequestID?) -> Response {
        let detail = detail.shortened(to: 1000)
        let document = Document(
            title: status.reasonPhrase.isEmpty ? "Error" : status.reasonPhrase,
            status: status.code,
            detail: detail,
            error: detail,
            code: code,
            requestID: requestID?.description,
            errors: errors.isEmpty ? nil : errors.prefix(FieldErrors.limit).map(\.bounded),
            errorsTotal: errors.isEmpty ? nil : errorsTotal ?? errors.count
        )
        var fields = fields
        fields[.contentType] = "application/problem+json"
        return .encoding(document, status: status, fields: fields)
    }
}

extension FieldError {
    fileprivate var bounded: FieldError {
        FieldError(pointer: pointer.shortened(to: 500), detail: detail.shortened(to: 1000))
    }
}
