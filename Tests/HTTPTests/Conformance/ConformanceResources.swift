import HTTPTypes
import TestSupport

@testable import HTTP

/// What the requests of the table ask for.
///
/// - `/`: a text.
/// - `/echo`: answers POST with the body of the request.
/// - anything else: files, of which there are none.
struct ConformanceResources {
    let router: Router
    private let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
        var router = Router()
        router.on(.get, "/", immediate: { _ in .text("root") })
        router.on(.post, "/echo", body: .buffered(limit: 100)) { .text(String(decoding: $0.body.bytes, as: UTF8.self)) }
        router.files(under: "/", directory: directory.path)
        self.router = router
    }
}
