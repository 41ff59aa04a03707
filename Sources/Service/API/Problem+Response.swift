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
    }

    func response(requestID: RequestID?) -> Response {
        let document = Document(
            title: status.reasonPhrase.isEmpty ? "Error" : status.reasonPhrase,
            status: status.code,
            detail: detail,
            error: detail,
            code: code,
            requestID: requestID?.description,
            errors: errors.isEmpty ? nil : errors
        )
        var fields = fields
        fields[.contentType] = "application/problem+json"
        return .encoding(document, status: status, fields: fields)
    }
}
