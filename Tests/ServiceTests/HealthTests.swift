import Foundation
import HTTPTypes
import JSON
import Testing

@testable import Service

struct HealthTests {
    @Test func tellsWhetherItTakesWork() async throws {
        let service = try TestService.make()
        #expect(try await service.get("/v2/health/live").json["live"] == .bool(true))
        try expectProblem(await service.get("/v2/health/ready"), 503, "starting")
        service.backend.health.start()
        #expect(try await service.get("/v2/health/ready").json["ready"] == .bool(true))
        service.backend.health.drain()
        try expectProblem(await service.get("/v2/health/ready"), 503, "draining")
        #expect(try await service.get("/v2/health/live").status == 200)
    }

    @Test func isNotReadyWithoutItsDisk() async throws {
        let service = try TestService.make()
        service.backend.health.start()
        let folder = service.backend.directory.root
        let away = folder.appendingPathExtension("away")
        try FileManager.default.moveItem(at: folder, to: away)
        await service.backend.health.probe()
        try expectProblem(await service.get("/v2/health/ready"), 503, "store_unavailable")
        try FileManager.default.moveItem(at: away, to: folder)
        await service.backend.health.probe()
        #expect(try await service.get("/v2/health/ready").status == 200)
    }

    @Test func aProbeLeavesNothing() async throws {
        let service = try TestService.make()
        let before = try FileManager.default.contentsOfDirectory(atPath: service.directory.path).sorted()
        await service.backend.health.probe()
        #expect(try FileManager.default.contentsOfDirectory(atPath: service.directory.path).sorted() == before)
    }

    @Test func servesTheDashboard() async throws {
        let service = try TestService.make()
        let page = try await service.get("/")
        #expect(page.fields[.contentType]?.hasPrefix("text/html") == true)
        #expect(!String(decoding: page.bytes, as: UTF8.self).contains("<script>"))
        try expectProblem(await service.get("/nowhere"), 404, "not_found")
        try expectProblem(await service.send(.delete, "/v1/models"), 405, "method_not_allowed")
    }
}
