package import HTTPTypes

extension Response {
    /// The file, or the range of it that the request wants (RFC 9110 §14), or 304. Throws a ``RequestError``: 412 if a
    /// condition of the request does not hold, 416 if nothing of the range is there.
    ///
    /// - Parameter fields: besides the type and the validators.
    package static func file(
        _ file: OpenFile, type: String, to request: Request, _ validators: Validators, fields: HTTPFields = [:]
    ) throws(RequestError) -> Response {
        if let unchanged = try request.notModified(validators, fields: fields) { return unchanged }
        var response = Response(fields: fields, body: .file(file))
        for field in validators.fields { response.fields[field.name] = field.value }
        response.fields[.contentType] = type
        response.fields[.acceptRanges] = "bytes"
        guard request.method == .get, let range = request.fields[.range], validators.allowRange(request) else {
            return response
        }
        switch ByteRange(range, size: file.size) {
        case .whole: break
        case .unsatisfiable: throw .rangeNotSatisfiable(size: file.size)
        case .part(let part):
            response.status = .partialContent
            response.fields[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.size)"
            response.body = .file(file, part)
        }
        return response
    }
}
