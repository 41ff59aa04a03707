package import HTTPTypes

extension Response {
    /// The problem document of RFC 9457 for a request that the HTTP layer refused.
    package static func problem(_ error: RequestError, requestID: RequestID? = nil) -> Response {
        problem(status: error.status, code: error.code, detail: error.detail, requestID: requestID)
    }

    /// A problem document of RFC 9457, with `error` (the detail again, for clients of the inference protocol), `code`
    /// and `request_id` added.
    package static func problem(
        status: HTTPResponse.Status,
        code: String,
        detail: String,
        requestID: RequestID? = nil
    ) -> Response {
        let title = status.reasonPhrase.isEmpty ? "Error" : status.reasonPhrase
        var json = #"{"type":"about:blank","title":\#(quoted(title)),"status":\#(status.code)"#
        json += #","detail":\#(quoted(detail)),"error":\#(quoted(detail)),"code":\#(quoted(code))"#
        if let requestID { json += #","request_id":\#(quoted(requestID.description))"# }
        json += "}"
        return Response(
            status: status,
            contentType: "application/problem+json",
            fields: [:],
            bytes: Array(json.utf8)
        )
    }

    /// A JSON string (RFC 8259 §7).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                quoted += "\\\(scalar)"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default:
                quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
