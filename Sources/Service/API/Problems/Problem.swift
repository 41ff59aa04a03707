import HTTP
import HTTPTypes
import JSON

/// An answer that says why a request failed: the problem document of RFC 9457, thrown by routes.
struct Problem: CodedError, Equatable, Sendable {
    var status: HTTPResponse.Status
    /// Stable, for programs.
    var code: String
    /// For people.
    var detail: String
    var errors: [FieldError] = []
    /// How many errors there are; nil when ``errors`` are all.
    var errorsTotal: Int?
    var fields: HTTPFields = [:]

    init(
        _ status: HTTPResponse.Status,
        code: String,
        detail: String,
        errors: [FieldError] = [],
        fields: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.fields = fields
    }
}

extension Problem {
    /// Fields that cannot be used, at least one.
    static func invalid(_ errors: FieldErrors, code: String = "invalid_request") -> Problem {
        let first = errors.listed.first.map { $0.pointer.isEmpty ? $0.detail : "\($0.pointer): \($0.detail)" } ?? ""
        let more = errors.total > 1 ? " (and \(errors.total - 1) more)" : ""
        var problem = Problem(.unprocessableContent, code: code, detail: first + more, errors: errors.listed)
        problem.errorsTotal = errors.total
        return problem
    }

    static func invalid(_ pointer: String, _ detail: String, code: String = "invalid_request") -> Problem {
        var errors = FieldErrors()
        errors.add(pointer, detail)
        return invalid(errors, code: code)
    }

    static func malformedJSON(_ error: JSONError) -> Problem {
        let place = error.position.map { "malformed JSON at line \($0.line), column \($0.column): " } ?? ""
        return Problem(.badRequest, code: "malformed_json", detail: place + error.reason)
    }

    /// A parameter of the query that cannot be used.
    static func query(_ name: String, _ detail: String) -> Problem {
        Problem(.badRequest, code: "invalid_query", detail: "\(name.shortened(to: 80)): \(detail)")
    }

    /// A field of the header that cannot be used.
    static func header(_ name: String, _ detail: String) -> Problem {
        Problem(.badRequest, code: "invalid_header", detail: "\(name): \(detail)")
    }

    static func notFound(_ what: String) -> Problem {
        Problem(.notFound, code: "not_found", detail: "there is no \(what)")
    }

    static func diskFull() -> Problem {
        Problem(.insufficientStorage, code: "disk_full", detail: "the server's disk is full")
    }

    static func unavailable(code: String, _ detail: String) -> Problem {
        Problem(.serviceUnavailable, code: code, detail: detail, fields: [.retryAfter: "5"])
    }
}
