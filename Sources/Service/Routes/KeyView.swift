import Jobs

/// A key as clients see it.
struct KeyView: Encodable {
    private let object = "key"
    private let id: String
    private let name: String?
    private let scopes: [String]
    private let rateLimit: Int?
    /// When it is made only.
    private let key: String?
    private let createdAt: Timestamp
    private let lastUsedAt: Timestamp?
    private let revokedAt: Timestamp?

    init(_ record: KeyRecord, secret: KeySecret? = nil) {
        id = record.id
        name = record.name
        scopes = record.scopes.map(\.rawValue)
        rateLimit = record.rateLimit
        key = secret?.text
        createdAt = Timestamp(record.createdAt)
        lastUsedAt = Timestamp(record.usedAt)
        revokedAt = Timestamp(record.revokedAt)
    }

    static let schema = Schema.object([
        .init("object", .words(["key"])),
        .init("id", .string()),
        .init("name", .string("What people call it"), isRequired: false),
        .init("scopes", .array(of: .words(KeyScope.allCases.map(\.rawValue)))),
        .init(
            "rate_limit", .integer(1...Int.max, "Requests a minute, where it has a limit of its own"), isRequired: false
        ),
        .init(
            "key", .string("What is to be sent as Authorization: Bearer; told once, when it is made"), isRequired: false
        ),
        .init("created_at", .time),
        .init("last_used_at", .string(format: "date-time", "Behind by a minute at most"), isRequired: false),
        .init("revoked_at", .time, isRequired: false),
    ]).named("Key")
}

/// The body of `POST /v1/keys`.
enum KeyRequest {
    private static let name = Field<String?>.optionalString(
        "name", length: 1...200, pattern: .noControls, "What people call it")
    private static let scopes = Field<Set<KeyScope>>(
        member: Schema.Member(
            "scopes",
            .array(
                of: .words(KeyScope.allCases.map(\.rawValue)), count: 1...KeyScope.allCases.count, isUnique: true,
                "What it is for; admin has all that train has, and train all that predict has"))
    ) { value in Set(value.elements.compactMap { $0.text.flatMap { KeyScope(rawValue: $0) } }) }
    private static let rateLimit = Field<Int?>.optionalInteger(
        "rate_limit", KeyDraft.rateLimits, "Requests a minute; without it that of the server, if it has one")

    static let schema = Schema.object([name.member, scopes.member, rateLimit.member]).named("KeyRequest")

    /// - Parameter values: that ``schema`` has passed.
    static func read(_ values: Values) -> KeyDraft {
        KeyDraft(name: values[name], scopes: values[scopes], rateLimit: values[rateLimit])
    }
}
