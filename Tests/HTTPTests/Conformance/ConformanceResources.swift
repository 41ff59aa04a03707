import Glibc
import HTTPTypes
import TestSupport

@testable import HTTP

/// What the requests of the table ask for.
///
/// - `/`: a text.
/// - `/echo`: answers POST with the body of the request.
/// - `/strong`, `/weak`: have the entity tags `"v1"` and `W/"v1"`.
/// - `/digits.txt`, `/empty.txt`, and files with hashes and without in their names: all with ten digits, but for the empty
///   one, last modified on Sun, 06 Nov 1994 08:49:37 GMT.
struct ConformanceResources {
    static let modified = 784_111_777
    static let tag = #""a-2ebc98a1-0""#
    static let files = [
        "digits.txt", "empty.txt", "app.3f2a9c1b.js", "app-0a1b2c3d4e5f.css", "app-3f2a9c1.js", "app-20240101.txt",
        "app-deadbeef.txt", "3f2a9c1b.js", "app.3f2a9c1b", "app-settings2.js",
    ]

    let router: Router
    private let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
        for name in Self.files {
            let path = try directory.write(name, name == "empty.txt" ? "".utf8 : "0123456789".utf8)
            let time = timespec(tv_sec: Self.modified, tv_nsec: 0)
            guard utimensat(AT_FDCWD, path, [time, time], 0) == 0 else { throw CancellationError() }
        }
        var router = Router()
        router.on(.get, "/", immediate: { _ in .text("root") })
        router.on(.post, "/echo", body: .buffered(limit: 100)) {
            .text(String(decoding: try $0.body.bytes, as: UTF8.self))
        }
        for method in [HTTPRequest.Method.get, .put, .delete] {
            router.on(
                method, "/strong",
                immediate: { request in try request.notModified(#""v1""#) ?? .text("done", fields: [.eTag: #""v1""#]) })
            router.on(
                method, "/weak",
                immediate: { request in
                    try request.notModified(#"W/"v1""#) ?? .text("done", fields: [.eTag: #"W/"v1""#])
                })
        }
        router.files(under: "/", directory: directory.path)
        self.router = router
    }
}
