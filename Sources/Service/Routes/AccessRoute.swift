import HTTP
import HTTPTypes
import Jobs

/// `GET /v1/access`: what the one who asks may ask for, before anything is refused.
struct AccessRoute: Sendable {
    let authorization: Authorization

    var operation: Operation {
        Operation(
            id: "getAccess", method: .get, pattern: "/v1/access", tag: "keys", scope: .none,
            summary: "Tell whether the service takes keys, and what the one that is sent is for",
            answers: [
                .init(summary: "What may be asked for", content: .json(AccessView.schema))
            ],
            failures: [.unauthorized, .tooManyRequests],
            handler: .immediate { [authorization] request in
                let scopes = try authorization.scopes(of: request)
                return .encoding(
                    AccessView(keyRequired: !authorization.isOpen, scopes: scopes.map(\.rawValue)),
                    fields: [.cacheControl: "no-store"])
            }
        )
    }
}

/// The access of a client as it sees it.
private struct AccessView: Encodable {
    let object = "access"
    let keyRequired: Bool
    let scopes: [String]

    static let schema = Schema.object([
        .init("object", .words(["access"])),
        .init("key_required", Schema(.boolean, "Whether operations with a scope take a key")),
        .init(
            "scopes",
            .array(
                of: .words(KeyScope.allCases.map(\.rawValue)),
                "All that the request may ask for; empty where it takes a key and has none")),
    ]).named("Access")
}
