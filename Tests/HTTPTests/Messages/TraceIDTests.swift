import HTTPTypes
import Testing

@testable import HTTP

struct TraceIDTests {
    private static let id = "0af7651916cd43dd8448eb211c80319c"
    private static let valid = "00-\(id)-b7ad6b7169203331-01"

    @Test(arguments: [
        valid, "00-\(id)-b7ad6b7169203331-00", "cc-\(id)-b7ad6b7169203331-ff", "01-\(id)-b7ad6b7169203331-01-more",
    ])
    func takesTheTraceOver(_ value: String) {
        #expect(TraceID(traceparent: Array(value.utf8))?.description == Self.id)
        #expect(Request(.get, "/", fields: [.traceparent: value]).traceID?.description == Self.id)
    }

    @Test(arguments: [
        "", "00", String(valid.dropLast()), valid + "-", valid + "0", "ff-\(id)-b7ad6b7169203331-01",
        valid.uppercased(),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-\(id)-0000000000000000-01",
        "00_\(id)-b7ad6b7169203331-01", "00-\(id)-b7ad6b716920333g-01", "01-\(id)-b7ad6b7169203331-01more",
        "0-0\(id)-b7ad6b7169203331-01", "00-\(id)-b7ad6b7169203331-0x",
    ])
    func ignoresWhatIsMalformed(_ value: String) {
        #expect(TraceID(traceparent: Array(value.utf8)) == nil)
    }

    @Test func ignoresSeveral() {
        var fields: HTTPFields = [:]
        for _ in 0..<2 { fields.append(HTTPField(name: .traceparent, value: Self.valid)) }
        #expect(Request(.get, "/", fields: fields).traceID == nil)
    }
}
