import HTTP
import HTTPTypes
import JSON

extension Response {
    /// A JSON document with the members of `document` in snake case; keys of dictionaries stay as they are. Numbers in it
    /// are finite.
    static func encoding(
        _ document: some Encodable,
        status: HTTPResponse.Status = .ok,
        fields: HTTPFields = [:]
    ) -> Response {
        .json(self.document(document), status: status, fields: fields)
    }

    /// The bytes of such a document.
    static func document(_ document: some Encodable) -> [UInt8] {
        guard let bytes = try? JSONDocumentEncoder.encode(document, snakeCase: true) else {
            preconditionFailure("a document of the service cannot be encoded")
        }
        return bytes
    }
}

/// Part of a list, as clients see it.
struct ListDocument<Element: Encodable>: Encodable {
    let object = "list"
    let data: [Element]
    let hasMore: Bool
}
