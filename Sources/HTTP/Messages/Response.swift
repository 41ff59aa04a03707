package import HTTPTypes

/// What a handler answers.
///
/// `Date`, `Content-Length`, `Transfer-Encoding`, `Connection` and `X-Request-Id` are the server's: do not set them.
package struct Response: Sendable {
    package var status: HTTPResponse.Status
    package var fields: HTTPFields
    package var body: ResponseBody

    package init(status: HTTPResponse.Status = .ok, fields: HTTPFields = [:], body: ResponseBody = .empty) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// `bytes` as they are, with `Content-Type: application/json` unless `fields` holds another.
    package static func json(
        _ bytes: some Sequence<UInt8>,
        status: HTTPResponse.Status = .ok,
        fields: HTTPFields = [:]
    ) -> Response {
        Response(status: status, contentType: "application/json", fields: fields, bytes: Array(bytes))
    }

    /// UTF-8 text, with `Content-Type: text/plain; charset=utf-8` unless `fields` holds another.
    package static func text(
        _ text: String,
        status: HTTPResponse.Status = .ok,
        fields: HTTPFields = [:]
    ) -> Response {
        Response(status: status, contentType: "text/plain; charset=utf-8", fields: fields, bytes: Array(text.utf8))
    }

    init(status: HTTPResponse.Status, contentType: String, fields: HTTPFields, bytes: [UInt8]) {
        var fields = fields
        if !fields.contains(.contentType) {
            fields.append(HTTPField(name: .contentType, value: contentType))
        }
        self.init(status: status, fields: fields, body: .bytes(bytes))
    }
}
