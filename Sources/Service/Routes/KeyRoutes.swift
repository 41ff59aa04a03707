import HTTP
import HTTPTypes
import Jobs

/// `/v1/keys`: who may ask for what.
struct KeyRoutes: Sendable {
    let backend: Backend

    private static let id = Field.string("id", "The id of a key")

    var operations: [Operation] {
        [
            Operation(
                id: "createKey", method: .post, pattern: "/v1/keys", tag: "keys", scope: .admin,
                summary: "Make a key; from the first one on, every operation with a scope takes one",
                body: .json(KeyRequest.schema, limit: 1 << 16),
                answers: [
                    .init(
                        status: .created, summary: "The key, which is not told again",
                        content: .json(KeyView.schema))
                ],
                failures: [.insufficientStorage, .serviceUnavailable],
                handler: .task(create)
            ),
            Operation(
                id: "listKeys", method: .get, pattern: "/v1/keys", tag: "keys", scope: .admin,
                summary: "List keys, the newest first, those that were revoked too",
                query: [Paging.after.member, Paging.limit.member],
                answers: [.init(summary: "A page of keys", content: .json(Paging.schema(of: KeyView.schema)))],
                failures: [.serviceUnavailable],
                handler: .task(list)
            ),
            Operation(
                id: "revokeKey", method: .delete, pattern: "/v1/keys/{id}", tag: "keys", scope: .admin,
                summary: "Revoke a key, for good; asking again is harmless",
                path: [Self.id.member],
                answers: [.init(status: .noContent, summary: "It does not hold any more")],
                failures: [.insufficientStorage, .serviceUnavailable],
                handler: .task(revoke)
            ),
        ]
    }

    @Sendable private func create(_ request: Request) async throws -> Response {
        let (record, secret) = try await backend.keys.create(KeyRequest.read(request.document()))
        return .encoding(
            KeyView(record, secret: secret), status: .created, fields: [.cacheControl: "no-store"])
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let page = try await backend.keyStore.list(after: request[Paging.after], limit: request[Paging.limit])
        return .encoding(page.document { KeyView($0) })
    }

    @Sendable private func revoke(_ request: Request) async throws -> Response {
        try await backend.keys.revoke(request.parameters.require("id"))
        return Response(status: .noContent)
    }
}
