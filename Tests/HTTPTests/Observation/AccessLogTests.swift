import HTTPTypes
import Platform
import Testing

@testable import HTTP

extension LogWriter {
    /// A log and the lines that are written to it.
    static func lines(_ format: LogFormat = .text) -> (AsyncStream<String>, LogWriter) {
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        let writer = LogWriter(format: format) { bytes in
            for text in bytes.split(separator: .lineFeed) { line.yield(String(decoding: text, as: UTF8.self)) }
        }
        return (lines, writer)
    }
}

@Suite struct AccessLogTests {
    private static func exchange(_ id: UInt64, _ route: Route?) -> Exchange {
        Exchange(
            id: .made(id),
            remoteAddress: .loopback,
            method: route?.method,
            route: route,
            status: route == nil ? .badRequest : .ok,
            bytesIn: 3,
            bytesOut: 41,
            nanoseconds: 1_234_567
        )
    }

    @Test func aLinePerExchangeInOrder() async throws {
        let (lines, writer) = LogWriter.lines()
        var log = AccessLog(writer)
        let route = Route(.get, "/v1/jobs/{id}", index: 0, body: .none, action: .immediate { _ in Response() })
        log.record(Self.exchange(1, route), at: 784_111_777)
        log.record(Self.exchange(0xAB, nil), at: 784_111_778)
        writer.flush()
        log.flush()
        writer.flush()
        var written: [String] = []
        for await line in lines {
            written.append(line)
            if written.count == 2 { break }
        }
        let expected =
            "1994-11-06T08:49:37Z info request request_id=0000000000000001 remote=127.0.0.1 method=GET "
            + "route=/v1/jobs/{id} status=200 bytes_in=3 bytes_out=41 duration_us=1235"
        #expect(written[0] == expected)
        #expect(written[1].hasPrefix("1994-11-06T08:49:38Z info request request_id=00000000000000ab "))
        #expect(written[1].contains(" method=- route=- status=400 "))
    }

    private static let trace = TraceID(
        traceparent: Array("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".utf8))

    /// The line about an exchange that is a part of a trace, and that about one of which little is known.
    private static func lines(_ format: LogFormat) async throws -> [String] {
        let (lines, writer) = LogWriter.lines(format)
        var log = AccessLog(writer)
        let route = Route(.get, "/v1/jobs/{id}", index: 0, body: .none, action: .immediate { _ in Response() })
        var exchange = exchange(1, route)
        exchange.traceID = trace
        log.record(exchange, at: 784_111_777)
        log.record(Self.exchange(2, nil), at: 784_111_777)
        log.flush()
        writer.flush()
        var written: [String] = []
        for await line in lines {
            written.append(line)
            if written.count == 2 { break }
        }
        return written
    }

    @Test func aTraceIsNamed() async throws {
        let lines = try await Self.lines(.text)
        #expect(lines[0].hasSuffix(" duration_us=1235 trace_id=4bf92f3577b34da6a3ce929d0e0e4736"))
        #expect(lines[1].hasSuffix(" duration_us=1235"))
    }

    @Test func anObjectPerExchange() async throws {
        let lines = try await Self.lines(.json)
        #expect(
            lines[0]
                == #"{"time":"1994-11-06T08:49:37Z","level":"info","message":"request","request_id":"0000000000000001","#
                + #""remote":"127.0.0.1","method":"GET","route":"/v1/jobs/{id}","status":200,"bytes_in":3,"bytes_out":41,"#
                + #""duration_us":1235,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}"#)
        #expect(
            lines[1].contains(#""method":null,"route":null,"status":400,"#)
                && lines[1].hasSuffix(#""duration_us":1235}"#))
    }
}
