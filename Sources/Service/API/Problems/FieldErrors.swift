import JSON

/// What is wrong with one field of a request.
struct FieldError: Equatable, Sendable {
    /// A JSON pointer into the body (RFC 6901); empty for the whole of it. Ends in … where a name is too long to repeat.
    let pointer: String
    let detail: String

    /// The pointer to a member of the object at `pointer`.
    static func pointer(_ pointer: String, _ name: String) -> String {
        JSONPointer.member(name.shortened(to: 200), of: pointer)
    }
}

/// All that is wrong with a request: counted, and the first of it kept, so that an answer has a bound whatever it is
/// asked.
struct FieldErrors: Equatable, Sendable {
    static let limit = 20

    /// The first, at most ``limit``.
    private(set) var listed: [FieldError] = []
    private(set) var total = 0

    var isEmpty: Bool { total == 0 }

    mutating func add(_ pointer: @autoclosure () -> String, _ detail: @autoclosure () -> String) {
        total += 1
        if listed.count < Self.limit { listed.append(FieldError(pointer: pointer(), detail: detail())) }
    }
}

extension String {
    /// The text, or its beginning and …
    func shortened(to limit: Int) -> String {
        // In scalars: a single character may be as long as it likes.
        guard utf8.count > limit, unicodeScalars.count > limit else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(limit))) + "…"
    }

    /// The text as an error repeats it: in quotes, and not longer than a line.
    var quoted: String { "\"\(shortened(to: 80))\"" }
}
