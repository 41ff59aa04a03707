package import HTTPTypes

extension HTTPField.Name {
    /// Not every client sends it; the server makes one then.
    package static let requestID = HTTPField.Name("X-Request-Id")!
    package static let host = HTTPField.Name("Host")!
    static let forwarded = HTTPField.Name("Forwarded")!
    static let xForwardedFor = HTTPField.Name("X-Forwarded-For")!
}

extension HTTPRequest.Method {
    static let query = HTTPRequest.Method("QUERY")!
}
