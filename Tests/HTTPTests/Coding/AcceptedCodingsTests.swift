import HTTPTypes
import Testing

@testable import HTTP

/// RFC 9110 §12.5.3.
struct AcceptedCodingsTests {
    @Test(
        arguments: [
            (nil, false), ("", false), ("gzip", true), ("GZIP", true), ("x-gzip", true), ("br, deflate", false),
            ("deflate, gzip;q=1.0, *;q=0.5", true), ("gzip;q=0", false), ("gzip;q=0.000", false),
            ("gzip ; q=0.001", true),
            ("*", true), ("*;q=0", false), ("*, gzip;q=0", false), ("gzip, *;q=0", true), ("identity", false),
            ("gzip;q=0.5, identity", false), ("gzip;q=0.5, identity;q=0.5", true), ("gzip, identity;q=0", true),
            ("identity;q=0", false), ("identity;q=0, *", true), ("gzip;q=2", false), ("gzip;q=", false),
            ("gzip;a=1", false),
            ("br;q=1.0, gzip;q=0.8", true), (",, gzip ,", true), ("gzipped", false),
        ] as [(String?, Bool)])
    func prefersGzip(_ field: String?, _ isPreferred: Bool) {
        var fields: HTTPFields = [:]
        fields[.acceptEncoding] = field
        #expect(AcceptedCodings(Request(.get, "/", fields: fields).fields).prefersGzip == isPreferred)
    }
}
