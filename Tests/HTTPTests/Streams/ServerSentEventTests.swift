import HTTPTypes
import Testing

@testable import HTTP

/// What events are on the wire (WHATWG HTML section 9.2.6).
struct ServerSentEventTests {
    @Test(arguments: [
        (ServerSentEvent(id: 1, data: "a"), "data: a\nid: 1\n\n"),
        (ServerSentEvent(id: -2, name: "epoch", data: ""), "event: epoch\ndata: \nid: -2\n\n"),
        (
            ServerSentEvent(id: 3, data: "a\nb\r\nc\rd\n\ne"),
            "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\nid: 3\n\n"
        ),
        (ServerSentEvent(id: 4, data: "é\n", retry: .milliseconds(1500)), "retry: 1500\ndata: é\ndata: \nid: 4\n\n"),
    ])
    func isEncoded(_ event: ServerSentEvent, _ text: String) {
        var bytes: [UInt8] = []
        event.encode(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
        let encoded = EncodedEvent(event)
        #expect(Array(encoded.chunk[encoded.content]) == bytes)
        let size = String(bytes.count, radix: 16)
        #expect(String(decoding: encoded.chunk, as: UTF8.self) == "\(size)\r\n\(text)\r\n")
    }

    @Test func lastEventsAreNumbers() {
        for (text, id) in [("7", 7), ("-1", -1), ("", nil), ("a", nil), ("99999999999999999999", nil)]
            as [(String, Int?)]
        {
            #expect(Request(.get, "/", fields: [.lastEventID: text]).lastEventID == id)
        }
    }
}
