package import HTTPTypes

/// A request that the HTTP layer itself refuses: malformed, over a limit, or without a route.
///
/// `code` is stable and meant for programs, `detail` for people. The owner of the router turns it into a response
/// with ``Router/errorResponse``; the default is ``Response/problem(_:requestID:)``.
package struct RequestError: CodedError, Equatable, Sendable {
    package var status: HTTPResponse.Status
    package var code: String
    package var detail: String
    /// What the response must have besides: `Allow` with 405 (RFC 9110 §10.2.1), `Content-Range` with 416.
    var fields: HTTPFields = [:]

    package init(_ status: HTTPResponse.Status, code: String, detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }
}

extension RequestError {
    static func malformed(_ detail: String) -> RequestError {
        RequestError(.badRequest, code: "malformed_request", detail: detail)
    }

    static func bodyTooLarge(limit: Int) -> RequestError {
        RequestError(.contentTooLarge, code: "body_too_large", detail: "the body is larger than \(limit) bytes")
    }

    static let notFound = RequestError(.notFound, code: "not_found", detail: "no such resource")

    static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> RequestError {
        var error = RequestError(
            .methodNotAllowed, code: "method_not_allowed", detail: "the resource does not support this method")
        error.fields[.allow] = allowed.map(\.rawValue).joined(separator: ", ")
        return error
    }

    /// RFC 9110 §13: one of the conditions of a request does not hold.
    package static func preconditionFailed(_ detail: String) -> RequestError {
        RequestError(.preconditionFailed, code: "precondition_failed", detail: detail)
    }

    /// RFC 9110 §15.5.17.
    static func rangeNotSatisfiable(size: Int) -> RequestError {
        var error = RequestError(
            .rangeNotSatisfiable, code: "range_not_satisfiable",
            detail: "Range: none of it lies within the \(size) bytes there are")
        error.fields[.contentRange] = "bytes */\(size)"
        return error
    }

    static let lineTooLong = RequestError(.uriTooLong, code: "uri_too_long", detail: "the request line is too long")
    static let headerTooLarge = RequestError(
        .requestHeaderFieldsTooLarge,
        code: "header_too_large",
        detail: "the header has too many fields or bytes"
    )
    static let unknownCoding = RequestError(
        .notImplemented,
        code: "unknown_transfer_coding",
        detail: "the only transfer coding understood is chunked"
    )
    static let unknownExpectation = RequestError(
        .expectationFailed,
        code: "unknown_expectation",
        detail: "the only expectation understood is 100-continue"
    )
    static let unknownVersion = RequestError(
        .httpVersionNotSupported,
        code: "unknown_version",
        detail: "the versions understood are HTTP/1.1 and HTTP/1.0"
    )
    static let unknownMethod = RequestError(
        .notImplemented,
        code: "unknown_method",
        detail: "no resource here supports this method"
    )
    static let timedOut = RequestError(
        .requestTimeout,
        code: "request_timeout",
        detail: "the request did not arrive in time"
    )
}
