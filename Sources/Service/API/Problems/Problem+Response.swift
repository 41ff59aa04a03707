import HTTP
import HTTPTypes

extension Problem {
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
        .problem(
            status: status,
            code: code,
            detail: detail.shortened(to: 1000),
            requestID: requestID,
            errors: errors.prefix(FieldErrors.limit).map {
                ($0.pointer.shortened(to: 500), $0.detail.shortened(to: 1000))
            },
            errorsTotal: errorsTotal ?? errors.count,
            fields: fields
        )
    }
}
