import HTTPTypes

/// What browsers are told with the files of the dashboard.
enum PagePolicy {
    /// Nothing inline runs, everything comes from the service itself, no page of others shows ours in a frame, and a link that
    /// leads away does not tell where it was (Content Security Policy Level 3; Referrer Policy).
    static let fields: HTTPFields = [
        .contentSecurityPolicy:
            "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        .xContentTypeOptions: "nosniff",
        .referrerPolicy: "no-referrer",
    ]
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
