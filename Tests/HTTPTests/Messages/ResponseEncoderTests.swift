import HTTPTypes
import Testing

@testable import HTTP

@Suite struct ResponseEncoderTests {
    private func encode(
        _ response: Response,
        minorVersion: UInt8 = 1,
        keepAlive: Bool = true
    ) -> String {
        var encoder = ResponseEncoder()
        var output = OutputBuffer(capacity: 1)
        let envelope = ResponseEncoder.Envelope(
            framing: ResponseEncoder.framing(of: response, minorVersion: minorVersion),
            id: .made(1),
            keepAlive: keepAlive,
            minorVersion: minorVersion,
            now: 784_111_777
        )
        encoder.encodeHead(response, envelope, into: &output)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    private static let tail = "X-Request-Id: 0000000000000001\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"

    @Test func writesStatusFieldsAndLength() {
        #expect(
            encode(.json(Array("{}".utf8)))
                == "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n" + Self.tail
        )
        #expect(encode(Response(status: .created)) == "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n" + Self.tail)
        #expect(encode(Response(status: 299)) == "HTTP/1.1 299 \r\nContent-Length: 0\r\n" + Self.tail)
    }

    @Test func saysHowTheBodyEnds() {
        let stream = Response(body: .stream { _ in })
        #expect(encode(stream).contains("Transfer-Encoding: chunked\r\n"))
        #expect(!encode(stream, minorVersion: 0).contains("Transfer-Encoding"))
        #expect(encode(Response(body: .stream(length: 7) { _ in })).contains("Content-Length: 7\r\n"))
        #expect(!encode(Response(status: .noContent)).contains("Content-Length"))
        #expect(!encode(Response(status: .notModified)).contains("Content-Length"))
        var output = OutputBuffer(capacity: 1)
        ResponseEncoder.encodeChunk([], into: &output)
        ResponseEncoder.encodeChunk(Array(repeating: 0x61, count: 17), into: &output)
        ResponseEncoder.encodeLastChunk(into: &output)
        #expect(String(decoding: output.bytes, as: UTF8.self) == "11\r\naaaaaaaaaaaaaaaaa\r\n0\r\n\r\n")
    }

    @Test func saysWhetherTheConnectionStays() {
        #expect(!encode(Response()).contains("Connection"))
        #expect(encode(Response(), keepAlive: false).contains("Connection: close\r\n"))
        #expect(encode(Response(), minorVersion: 0).contains("Connection: keep-alive\r\n"))
    }

    @Test func keepsItsOwnFields() {
        let head = encode(Response(fields: [.contentLength: "99", .connection: "x", .date: "never", .server: "s"]))
        #expect(head == "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\n" + Self.tail)
    }

    @Test func problemsAreValidJSON() async throws {
        let response = Response.problem(status: .badRequest, code: "c", detail: "a \"b\"\n\\", requestID: .made(1))
        let text = String(decoding: try await response.body.collect(), as: UTF8.self)
        #expect(
            text == #"{"type":"about:blank","title":"Bad Request","status":400,"detail":"a \"b\"\n\\","#
                + #""error":"a \"b\"\n\\","code":"c","request_id":"0000000000000001"}"#
        )
        #expect(response.fields[.contentType] == "application/problem+json")
    }
}
