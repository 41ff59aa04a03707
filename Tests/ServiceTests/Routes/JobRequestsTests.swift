import Foundation
import HTTPTypes
import JSON
import Jobs
import Testing

@testable import Service

/// What is asked of jobs that are there, and what a job may say of its own life.
struct JobRequestsTests {
    private static func submit(_ members: String = "", to service: TestService) async throws -> JSONValue {
        let dataset = try await service.makeSyntheticDataset()
        let reply = try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo"\#(members)}"#)
        #expect(reply.status == 201, "\(String(decoding: reply.bytes, as: UTF8.self))")
        return try reply.json
    }

    @Test func setsAsideAndGoesOn() async throws {
        let service = try TestService.make()
        let path = "/v1/jobs/\(try #require(try await Self.submit(to: service)["id"].text))"
        func ask(_ verb: String, _ status: String) async throws {
            // Asking again is harmless.
            for _ in 0..<2 {
                let reply = try await service.post("\(path)/\(verb)", "")
                #expect(reply.status == 202)
                #expect(try reply.json["status"].text == status)
            }
        }
        try await ask("resume", "queued")
        try await ask("pause", "paused")
        #expect(try await service.backend.jobs.claim() == nil)
        try await ask("resume", "queued")
        let claimed = try #require(try await service.backend.jobs.claim())
        try await ask("pause", "pausing")
        try await ask("resume", "running")
        try await ask("pause", "pausing")
        _ = try await service.backend.jobs.finish(claimed.token, .paused)
        #expect(try await service.get(path).json["status"].text == "paused")
        #expect(try await service.get("/v1/jobs?status=paused").json["data"].elements.count == 1)
        try await ask("resume", "queued")
        _ = try await service.backend.jobs.claim()
        try await ask("cancel", "cancelling")
        for verb in ["pause", "resume"] {
            try expectProblem(await service.post("\(path)/\(verb)", ""), 409, "job_ending")
        }
        _ = try await service.backend.jobs.requeueInterrupted()
        for verb in ["pause", "resume"] {
            try expectProblem(await service.post("\(path)/\(verb)", ""), 409, "job_over")
            try expectProblem(await service.post("/v1/jobs/job_none/\(verb)", ""), 404, "not_found")
        }
        try await ask("cancel", "cancelled")
    }

    @Test func changesOnlyAJobThatIsAsItWasSeen() async throws {
        let service = try TestService.make()
        let path = "/v1/jobs/\(try #require(try await Self.submit(to: service)["id"].text))"
        let tag = try #require(try await service.get(path).fields[.eTag])
        #expect(try await service.send(.post, "\(path)/pause", fields: [.ifMatch: tag]).status == 202)
        let stale = try await service.send(.post, "\(path)/resume", fields: [.ifMatch: tag])
        #expect(stale.status == 412)
        #expect(try await service.get(path).json["status"].text == "paused")
    }

    @Test func answersWhenTheJobIsOver() async throws {
        let service = try TestService.make()
        let path = "/v1/jobs/\(try #require(try await Self.submit(to: service)["id"].text))"
        async let waiting = service.get("\(path)?wait=60")
        async let changing = service.send(.get, "\(path)?wait=60", fields: [.ifNoneMatch: "\"0\""])
        // It is not as that says, so that there is nothing to wait for.
        #expect(try await changing.json["status"].text == "queued")
        let tag = try #require(try await service.get(path).fields[.eTag])
        async let changed = service.send(.get, "\(path)?wait=60", fields: [.ifNoneMatch: tag])
        _ = try await service.post("\(path)/pause", "")
        #expect(try await changed.json["status"].text == "paused")
        _ = try await service.post("\(path)/cancel", "")
        #expect(try await waiting.json["status"].text == "cancelled")
        // Nothing will change any more.
        #expect(try await service.get("\(path)?wait=60").json["status"].text == "cancelled")
    }

    @Test func answersAfterTheTimeIsUp() async throws {
        let service = try TestService.make()
        let path = "/v1/jobs/\(try #require(try await Self.submit(to: service)["id"].text))"
        let started = ContinuousClock.now
        #expect(try await service.get("\(path)?wait=1").json["status"].text == "queued")
        #expect(ContinuousClock.now - started >= .seconds(1))
        let tag = try #require(try await service.get(path).fields[.eTag])
        #expect(try await service.send(.get, "\(path)?wait=1", fields: [.ifNoneMatch: tag]).status == 304)
        try expectProblem(await service.get("\(path)?wait=61"), 400, "invalid_query")
        try expectProblem(await service.get("/v1/jobs/job_none?wait=1"), 404, "not_found")
    }

    @Test func saysWhatItsLimitsAre() async throws {
        let service = try TestService.make()
        let plain = try await Self.submit(to: service)
        #expect(plain["max_attempts"] == .integer(3) && plain["time_limit_s"] == .null && plain["ran_s"].double == 0)
        #expect(plain["checkpoint"]["keep"] == .integer(3) && plain["checkpoint"]["every_seconds"].double == 60)
        #expect(plain["checkpoint"]["every_steps"] == .null && plain["checkpoints"] == .array([]))
        let given = try await Self.submit(
            #", "time_limit_s": 90, "checkpoint": {"every_steps": 5, "every_seconds": 7, "keep": 2}"#, to: service)
        #expect(given["time_limit_s"].double == 90 && given["checkpoint"]["every_steps"] == .integer(5))
        #expect(given["checkpoint"]["every_seconds"].double == 7 && given["checkpoint"]["keep"] == .integer(2))
        let dataset = try #require(given["dataset"].text)
        for (members, pointer) in [
            (#""time_limit_s": 0"#, "/time_limit_s"), (#""time_limit_s": 1.5"#, "/time_limit_s"),
            (#""checkpoint": {"every_steps": 0}"#, "/checkpoint/every_steps"),
            (#""checkpoint": {"every_seconds": 0}"#, "/checkpoint/every_seconds"),
            (#""checkpoint": {"keep": 101}"#, "/checkpoint/keep"), (#""checkpoint": {"mood": 1}"#, "/checkpoint/mood"),
        ] {
            let reply = try await service.post(
                "/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo", \#(members)}"#)
            #expect(try expectProblem(reply, 422, "invalid_request").keys.contains(pointer))
        }
    }

    @Test func makesOneJobOfManyRequestsWithOneKey() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let body = #"{"dataset": "\#(dataset)", "model": "emo"}"#
        let made = try await withThrowingTaskGroup(of: (String?, Bool).self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let reply = try await service.post("/v1/jobs", body, fields: [.idempotencyKey: "k"])
                    #expect(reply.status == 201)
                    return (try reply.json["id"].text, reply.fields[.idempotentReplayed] == nil)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(made.count == 100 && Set(made.map(\.0)).count == 1 && made.filter(\.1).count == 1)
        #expect(try await service.get("/v1/jobs").json["data"].elements.count == 1)
        for key in ["", String(repeating: "k", count: 256)] {
            #expect(try await service.post("/v1/jobs", body, fields: [.idempotencyKey: key]).status == 400)
        }
    }
}
