import HTTP

extension Problem {
    func response(requestID: RequestID?) -> Response {
        .problem(
            status: status,
            code: code,
            detail: detail,
            requestID: requestID,
            errors: errors.map { ($0.pointer, $0.detail) },
            errorsTotal: errors.count,
            fields: fields
        )
    }
}
