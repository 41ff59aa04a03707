import Foundation
import HTTPTypes
import Platform
import Testing

@testable import HTTP

@Suite struct AccessLogTests {
    private static func exchange(_ id: UInt64, route: String? = "/v1/jobs/{id}") -> Exchange {
        Exchange(
            id: .made(id),
            remoteAddress: .loopback,
            method: route == nil ? nil : .get,
            route: route,
            status: route == nil ? .badRequest : .ok,
            bytesIn: 3,
            bytesOut: 41,
            duration: .nanoseconds(1_234_567)
        )
    }

    @Test func aLinePerExchangeInOrder() throws {
        let pipe = Pipe()
        let writer = LogWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let log = AccessLog(writer: writer)
        log.record(Self.exchange(1))
        log.record(Self.exchange(0xAB, route: nil))
        writer.flush()
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try #require(try pipe.fileHandleForReading.readToEnd()), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 3 && lines[2].isEmpty)
        let expected = " info request request_id=0000000000000001 remote=127.0.0.1 method=GET route=/v1/jobs/{id}"
        #expect(lines[0].hasSuffix(expected + " status=200 bytes_in=3 bytes_out=41 duration_us=1235"))
        #expect(lines[0].prefixMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /#) != nil)
        #expect(lines[1].contains("request_id=00000000000000ab") && lines[1].contains(" method=- route=- status=400 "))
    }
}
