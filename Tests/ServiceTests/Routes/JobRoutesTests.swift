import Emotion
import HTTPTypes
import Jobs
import JSON
import Testing

@testable import Service

struct JobRoutesTests {
    @Test func submitsAJobWithEverythingResolved() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let reply = try await service.post(
            "/v1/jobs",
            #"""
            {"dataset": "\#(dataset)", "model": "emo", "recipe": "paper", "seed": 7, "priority": 1, "max_attempts": 3,
             "hyperparameters": {"epochs": 10, "learning_rate": 5e-5, "d_model": 128},
             "early_stopping": {"metric": "valid_macro_f1", "patience": 3}}
            """#
        )
        #expect(reply.status == 201)
        let job = try reply.json
        let id = try #require(job["id"].text)
        #expect(reply.fields[.location] == "/v1/jobs/\(id)")
        #expect(job["status"].text == "queued" && job["seed"] == .integer(7) && job["max_attempts"] == .integer(3))
        #expect(job["hyperparameters"]["d_model"] == .integer(128) && job["hyperparameters"]["heads"] == .integer(8))
        #expect(job["hyperparameters"]["learning_rate"] == .number(5e-5))
        #expect(job["early_stopping"]["metric"].text == "valid_macro_f1")
        let shown = try await service.get("/v1/jobs/\(id)")
        #expect(try shown.json == job)
        let tag = try #require(shown.fields[.eTag])
        #expect(try await service.send(.get, "/v1/jobs/\(id)", fields: [.ifNoneMatch: tag]).status == 304)
        let events = try await service.get("/v1/jobs/\(id)/events").json
        #expect(events["data"][0]["data"]["state"].text == "queued" && events["has_more"] == .bool(false))
        #expect(try await service.get("/v1/jobs/\(id)/logs").bytes.isEmpty)
        #expect(try await service.get("/v1/jobs/\(id)/metrics").json["data"] == .array([]))
    }

    @Test(arguments: [
        (#""colour": 1"#, "/colour"), (#""seed": -1"#, "/seed"), (#""seed": 1.5"#, "/seed"),
        (#""seed": "7""#, "/seed"), (#""priority": 100000"#, "/priority"), (#""max_attempts": 0"#, "/max_attempts"),
        (#""recipe": "soup""#, "/recipe"), (#""model": "../etc""#, "/model"), (#""model": """#, "/model"),
        (#""model": 3"#, "/model"), (#""checkpoint": {"keep": 0}"#, "/checkpoint/keep"),
        (#""hyperparameters": 3"#, "/hyperparameters"),
        (#""hyperparameters": {"d_modle": 3}"#, "/hyperparameters/d_modle"),
        (#""hyperparameters": {"d_model": -3}"#, "/hyperparameters/d_model"),
        (#""hyperparameters": {"d_model": "wide"}"#, "/hyperparameters/d_model"),
        (#""hyperparameters": {"d_model": [1]}"#, "/hyperparameters/d_model"),
        (#""hyperparameters": {"d_model": 129}"#, "/hyperparameters/d_model"),
        (#""hyperparameters": {"schedule": "wild"}"#, "/hyperparameters/schedule"),
        (#""early_stopping": {"metric": "luck"}"#, "/early_stopping/metric"),
        (#""early_stopping": {"patience": 0}"#, "/early_stopping/patience"),
        (#""early_stopping": {"mood": 1}"#, "/early_stopping/mood"),
    ])
    func refuses(member: String, pointer: String) async throws {
        let service = try TestService.make()
        let model = member.hasPrefix(#""model""#) ? "" : #""model": "emo", "#
        let reply = try await service.post("/v1/jobs", #"{"dataset": "ds", \#(model)\#(member)}"#)
        let errors = try expectProblem(reply, 422, "invalid_request")
        #expect(errors.keys.contains(pointer), "\(errors)")
    }

    @Test func refusesToDropWhatTheDataLacks() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let reply = try await service.post(
            "/v1/jobs",
            #"{"dataset": "\#(dataset)", "model": "emo", "hyperparameters": {"drop_modalities": ["smell"]}}"#
        )
        let errors = try expectProblem(reply, 422, "invalid_request")
        #expect(errors["/hyperparameters/drop_modalities"] == "there is no modality smell")
    }

    @Test func namesValueAndRangeOfEveryBadHyperparameter() async throws {
        let service = try TestService.make()
        let reply = try await service.post(
            "/v1/jobs",
            #"{"dataset": "ds", "model": "emo", "hyperparameters": {"batch_size": 0, "dropout": 2, "x": 1}}"#
        )
        let errors = try expectProblem(reply, 422, "invalid_request")
        #expect(errors["/hyperparameters/batch_size"] == "must be an integer from 1 to 65536, not 0")
        #expect(errors["/hyperparameters/dropout"] == "must be a number from 0.0 to 0.95, not 2")
        #expect(errors["/hyperparameters/x"]?.contains("there are: d_model, heads") == true)
    }

    @Test func wantsADatasetWithSplits() async throws {
        let service = try TestService.make()
        let unknown = try await service.post("/v1/jobs", #"{"dataset": "ds_none", "model": "emo"}"#)
        #expect(try expectProblem(unknown, 422, "unknown_dataset").keys.contains("/dataset"))
        let dataset = try await service.makeSyntheticDataset(clips: [.train: 8])
        let incomplete = try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo"}"#)
        #expect(try expectProblem(incomplete, 422, "incomplete_dataset")["/dataset"]?.contains("valid") == true)
        #expect(try await service.get("/v1/jobs").json["data"] == .array([]))
    }

    @Test func makesOneJobOfOneKey() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let body = #"{"dataset": "\#(dataset)", "model": "emo"}"#
        let fields: HTTPFields = [.idempotencyKey: "k1"]
        let first = try await service.post("/v1/jobs", body, fields: fields)
        let second = try await service.post("/v1/jobs", body, fields: fields)
        #expect(first.status == 201 && second.status == 201)
        #expect(try first.json["id"] == second.json["id"])
        let other = try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", "model": "other"}"#, fields: fields)
        try expectProblem(other, 422, "idempotency_conflict")
        #expect(try await service.get("/v1/jobs").json["data"].elements.count == 1)
    }

    @Test func cancelsAJobThatWaits() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let job = try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo"}"#).json
        let id = try #require(job["id"].text)
        for _ in 0..<2 {
            let reply = try await service.post("/v1/jobs/\(id)/cancel", "")
            #expect(reply.status == 202)
            #expect(try reply.json["status"].text == "cancelled")
        }
        #expect(try await service.get("/v1/jobs?status=cancelled").json["data"].elements.count == 1)
        #expect(try await service.get("/v1/jobs?status=queued").json["data"].elements.isEmpty)
        try expectProblem(await service.get("/v1/jobs?status=asleep"), 400, "invalid_query")
    }

    @Test func deletesAJobThatIsOver() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let job = try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo"}"#).json
        let path = "/v1/jobs/\(try #require(job["id"].text))"
        try expectProblem(await service.delete(path), 409, "job_not_over")
        _ = try await service.post("\(path)/cancel", "")
        #expect(try await service.delete(path).status == 204)
        try expectProblem(await service.get(path), 404, "not_found")
        try expectProblem(await service.delete(path), 404, "not_found")
        // Nothing holds the data set any more.
        #expect(try await service.delete("/v1/datasets/\(dataset)").status == 204)
    }

    @Test(arguments: ["", "/events", "/metrics", "/logs"])
    func knowsNoOtherJobs(path: String) async throws {
        let service = try TestService.make()
        try expectProblem(await service.get("/v1/jobs/job_none\(path)"), 404, "not_found")
        try expectProblem(await service.post("/v1/jobs/job_none/cancel", ""), 404, "not_found")
    }

    @Test(arguments: ["events?after=-1", "events?limit=0", "metrics?max_points=1", "metrics?from_step=x"])
    func refusesAQuery(path: String) async throws {
        let service = try TestService.make()
        try expectProblem(await service.get("/v1/jobs/job_none/\(path)"), 400, "invalid_query")
    }
}
