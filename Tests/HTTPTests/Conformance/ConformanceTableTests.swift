import HTTPTypes
import Testing

@testable import HTTP

/// RFC 9110 and RFC 9112, case by case: each row is a request as it comes from a client, with the section that decides
/// about it and what the section wants to be answered.
struct ConformanceTableTests {
    @Test(arguments: ConformanceRow.table.keys.sorted())
    func answersAsTheStandardWants(_ part: String) async throws {
        let resources = try ConformanceResources()
        for row in try #require(ConformanceRow.table[part]) {
            let bytes = row.bytes
            let events = RequestDecoder.decode([bytes], bodyLimit: 100)
            #expect(RequestDecoder.decode(bytes.map { [$0] }, bodyLimit: 100) == events, "\(row)")
            switch (events.first, events.last) {
            case (_, .failure(let status)):
                #expect(status == row.status && row.fields.isEmpty && row.body == nil, "\(row)")
            case (.head(let head), .end):
                #expect(events.count(where: { $0 == .end }) == 1, "\(row)")
                let body = events.compactMap { if case .body(let text) = $0 { text } else { nil } }.joined()
                let request = Request(
                    head: head, id: .made(1), remoteAddress: .loopback, body: .bytes(Array(body.utf8)))
                try await expect(resources.router.respond(to: request), row)
            default:
                Issue.record("not one whole request: \(row)")
            }
        }
    }

    private func expect(_ response: Response, _ row: ConformanceRow) async throws {
        #expect(response.status.code == row.status, "\(row)")
        for (name, value) in row.fields { #expect(response.fields[HTTPField.Name(name)!] == value, "\(row): \(name)") }
        guard let body = row.body else { return }
        let bytes = try await response.body.collect()
        #expect(String(decoding: bytes, as: UTF8.self) == body, "\(row)")
    }
}
