/// One request, and what is to be answered.
struct ConformanceRow: Sendable, CustomStringConvertible {
    /// Of RFC 9110 or RFC 9112 (or another, then with its number), such as `9112 §3.2`.
    let section: String
    /// As UTF-8, but that U+0080 to U+00FF stand for single bytes.
    let request: String
    let status: Int
    /// Fields the answer must have, or must not have where nil.
    var fields: [String: String?] = [:]
    /// The body of the answer, where it matters.
    var body: String?

    var description: String {
        let text = request.count > 200 ? "\(request.prefix(20))…\(request.suffix(60))" : request
        return "\(section): \(text.debugDescription) -> \(status)"
    }

    var bytes: [UInt8] { request.unicodeScalars.map { UInt8($0.value) } }

    static let table = [
        "request lines": requestLines, "hosts": hosts, "fields": fieldLines, "bodies": bodies,
        "conditions": conditions, "files": files,
    ]

    /// A request line, with the fields it needs to be complete.
    static func line(_ section: String, _ line: String, _ status: Int, body: String? = nil) -> ConformanceRow {
        ConformanceRow(section: section, request: "\(line)\r\nHost: a\r\n\r\n", status: status, body: body)
    }

    /// A GET for `target`.
    static func target(_ section: String, _ target: String, _ status: Int) -> ConformanceRow {
        line(section, "GET \(target) HTTP/1.1", status)
    }

    static func host(_ section: String, _ host: String, _ status: Int) -> ConformanceRow {
        ConformanceRow(section: section, request: "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n", status: status)
    }

    /// Field lines of a POST to what answers with the body of the request, and that body.
    static func post(
        _ section: String, _ fields: String, _ status: Int, sent: String = "", body: String? = nil
    ) -> ConformanceRow {
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n"
        return ConformanceRow(section: section, request: head + sent, status: status, body: body)
    }

    /// A chunked body as it is on the wire.
    static func chunks(_ section: String, _ sent: String, _ status: Int, body: String? = nil) -> ConformanceRow {
        post(section, "Transfer-Encoding: chunked", status, sent: sent, body: body)
    }

    /// A method and a path with some more field lines.
    static func ask(
        _ section: String, _ request: String, _ lines: String..., status: Int, _ fields: [String: String?] = [:],
        body: String? = nil
    ) -> ConformanceRow {
        let lines = lines.map { $0 + "\r\n" }.joined()
        return ConformanceRow(
            section: section, request: "\(request) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n", status: status, fields: fields,
            body: body)
    }
}
