package import HTTPTypes
import JSON

extension Response {
    /// The problem document of RFC 9457 for a request that the HTTP layer refused.
    package static func problem(_ error: RequestError, requestID: RequestID? = nil) -> Response {
        problem(status: error.status, code: error.code, detail: error.detail, requestID: requestID)
    }

    /// What is wrong with one place of a request.
    package typealias PlaceError = (pointer: String, detail: String)

    /// A problem document of RFC 9457, with `error` (the detail again, for clients of the inference protocol), `code`,
    /// `request_id`, and the `errors` there are with `errors_total`.
    ///
    /// - Parameters:
    ///   - errors: those that are listed, each with a JSON pointer into the body.
    ///   - errorsTotal: how many there are.
    package static func problem(
        status: HTTPResponse.Status,
        code: String,
        detail: String,
        requestID: RequestID? = nil,
        errors: [PlaceError] = [],
        errorsTotal: Int = 0,
        fields: HTTPFields = [:]
    ) -> Response {
        let quoted = JSONString.quoted
        let title = status.reasonPhrase.isEmpty ? "Error" : status.reasonPhrase
        var json = #"{"type":"about:blank","title":\#(quoted(title)),"status":\#(status.code)"#
        json += #","detail":\#(quoted(detail)),"error":\#(quoted(detail)),"code":\#(quoted(code))"#
        if let requestID { json += #","request_id":\#(quoted(requestID.description))"# }
        if !errors.isEmpty {
            let list = errors.map { #"{"pointer":\#(quoted($0.pointer)),"detail":\#(quoted($0.detail))}"# }
            json += #","errors":[\#(list.joined(separator: ","))],"errors_total":\#(errorsTotal)"#
        }
        json += "}"
        return Response(
            status: status,
            contentType: "application/problem+json",
            fields: fields,
            bytes: Array(json.utf8)
        )
    }
}
