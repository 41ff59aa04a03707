import Emotion
import Foundation
import HTTPTypes
import JSON
import Jobs
import Testing

@testable import Service

struct SweepRoutesTests {
    @Test func makesTheJobsOfAGrid() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let reply = try await service.post(
            "/v1/sweeps",
            #"""
            {"dataset": "\#(dataset)", "model": "emo", "seeds": [3, 1], "priority": 2, "max_attempts": 5, "time_limit_s": 60,
             "hyperparameters": {"epochs": 2}, "checkpoint": {"keep": 7},
             "grid": {"app": ["off", "on"], "mask_ratio": [0.2, 0.4]}}
            """#
        )
        #expect(reply.status == 201, "\(String(decoding: reply.bytes, as: UTF8.self))")
        let sweep = try reply.json
        let id = try #require(sweep["id"].text)
        #expect(reply.fields[.location] == "/v1/sweeps/\(id)")
        #expect(sweep["status"].text == "active" && sweep["keep_models"] == .bool(false))
        #expect(sweep["jobs"]["total"] == .integer(8) && sweep["jobs"]["queued"] == .integer(8))
        #expect(sweep["hyperparameters"]["epochs"] == .integer(2))
        // In the order of hyperparameters, the last of them fastest.
        let names = [
            "mask_ratio=0.2, app=off", "mask_ratio=0.2, app=on", "mask_ratio=0.4, app=off", "mask_ratio=0.4, app=on",
        ]
        #expect(sweep["cells"].elements.map { $0["name"].text } == names)
        #expect(sweep["cells"][1]["hyperparameters"] == ["mask_ratio": .number(0.2), "app": "on"])
        #expect(sweep["cells"][1]["jobs"].elements.map { $0["seed"] } == [.integer(3), .integer(1)])
        #expect(sweep["cells"][1]["n"] == .integer(0) && sweep["cells"][1]["metrics"] == .object([:]))
        #expect(try await service.get("/v1/sweeps/\(id)").json == sweep)

        // The newest first: each cell has its second seed after the first one of all.
        let jobs = try await service.get("/v1/jobs?sweep=\(id)").json["data"].elements
        #expect(jobs.map { $0["sweep"]["cell"] } == [3, 2, 1, 0, 3, 2, 1, 0].map { .integer($0) })
        #expect(
            jobs.map { $0["seed"] }
                == (Array(repeating: 1, count: 4) + Array(repeating: 3, count: 4)).map { .integer($0) })
        let job = try #require(jobs.first)
        #expect(job["sweep"] == ["id": .string(id), "cell": .integer(3), "name": .string(names[3])])
        #expect(job["hyperparameters"]["mask_ratio"] == .number(0.4) && job["hyperparameters"]["app"].text == "on")
        #expect(job["hyperparameters"]["epochs"] == .integer(2) && job["priority"] == .integer(2))
        #expect(job["max_attempts"] == .integer(5) && job["time_limit_s"].double == 60)
        #expect(job["checkpoint"]["keep"] == .integer(7))
        #expect(try await service.get("/v1/jobs?sweep=\(id)&status=paused").json["data"] == .array([]))
        try expectProblem(await service.get("/v1/jobs?sweep=sweep_none"), 400, "invalid_query")
        let alone = try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo"}"#).json
        #expect(alone["sweep"] == .null)
    }

    @Test func makesTheCellsOfAStudyOfThePaper() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        func cells(_ study: String) async throws -> [JSONValue] {
            let body = #"{"dataset": "\#(dataset)", "model": "emo", "seeds": [1], "study": "\#(study)"}"#
            let reply = try await service.post("/v1/sweeps", body)
            #expect(reply.status == 201)
            #expect(try reply.json["study"].text == study)
            return try reply.json["cells"].elements
        }
        let table = try await cells("table2")
        #expect(table.first?["name"].text == "full model" && table.first?["hyperparameters"] == .object([:]))
        // The modalities are those of the data.
        #expect(table.map { $0["name"].text }.contains("without audio"))
        #expect(try await cells("mask-ratio").count == 8)
        #expect(try await cells("app-modules").count == 7)
        #expect(try await cells("training-curves").map { $0["name"].text } == ["natural", "ATM", "APP", "ATM and APP"])
        let page = try await service.get("/v1/sweeps?limit=3").json
        #expect(page["data"].elements.count == 3 && page["has_more"] == .bool(true))
        #expect(page["data"][0]["study"].text == "training-curves" && page["data"][0]["cells"] == .null)
        let last = try #require(page["data"][2]["id"].text)
        #expect(try await service.get("/v1/sweeps?after=\(last)").json["data"][0]["study"].text == "table2")
        try expectProblem(await service.get("/v1/sweeps?after=sweep_none"), 400, "invalid_query")
    }

    @Test(arguments: [
        (#""seeds": [1]"#, ""),
        (#""seeds": [1], "study": "table2", "grid": {"app": ["on"]}"#, ""),
        (#""seeds": [], "study": "table2""#, "/seeds"), (#""study": "table2""#, "/seeds"),
        (#""seeds": [1, 2, 1], "study": "table2""#, "/seeds/2"), (#""seeds": [-1], "study": "table2""#, "/seeds/0"),
        (#""seed": 1, "seeds": [1], "study": "table2""#, "/seed"), (#""seeds": [1], "study": "table9""#, "/study"),
        (#""seeds": [1], "grid": {}"#, "/grid"), (#""seeds": [1], "grid": {"app": []}"#, "/grid/app"),
        (#""seeds": [1], "grid": {"colour": [1]}"#, "/grid/colour"),
        (#""seeds": [1], "grid": {"mask_ratio": [0.2, 7]}"#, "/grid/mask_ratio/1"),
        (#""seeds": [1], "grid": {"mask_ratio": [0.2, 0.20]}"#, "/grid/mask_ratio/1"),
        (#""seeds": [1], "grid": {"heads": [8, 7]}"#, "/hyperparameters/d_model"),
        (#""seeds": [1], "grid": {"d_model": [64, 129], "app": ["on", "off"]}"#, "/grid/d_model/1"),
        (#""seeds": [1], "grid": {"drop_modalities": [[], ["smell"]]}"#, "/grid/drop_modalities/1"),
        (#""seeds": [1], "cells": []"#, "/cells"), (#""seeds": [1], "cells": [{}]"#, "/cells/0/name"),
        (#""seeds": [1], "cells": [{"name": "a"}, {"name": "a"}]"#, "/cells/1/name"),
        (
            #""seeds": [1], "cells": [{"name": "a"}, {"name": "b", "hyperparameters": {"augmentation": "fgsm"}}]"#,
            "/cells/1/hyperparameters/augmentation"
        ),
        (
            #""seeds": [1], "cells": [{"name": "a", "hyperparameters": {"drop_modalities": ["smell"]}}]"#,
            "/cells/0/hyperparameters/drop_modalities"
        ),
        (
            #""seeds": [1], "study": "table2", "hyperparameters": {"drop_modalities": ["smell"]}"#, "/study"
        ),
        (#""seeds": [1], "cells": [{"name": "a"}], "hyperparameters": {"d_model": 129}"#, "/hyperparameters/d_model"),
    ])
    func refuses(members: String, pointer: String) async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let reply = try await service.post("/v1/sweeps", #"{"dataset": "\#(dataset)", "model": "emo", \#(members)}"#)
        let errors = try expectProblem(reply, 422, "invalid_request")
        #expect(errors.keys.contains(pointer), "\(errors)")
        #expect(try await service.get("/v1/jobs").json["data"] == .array([]))
        #expect(try await service.get("/v1/sweeps").json["data"] == .array([]))
        // The data set was not frozen either.
        #expect(try await service.delete("/v1/datasets/\(dataset)").status == 204)
    }

    @Test func makesNoMoreThanTenThousandJobs() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let axes = ["epochs", "batch_size", "warmup_steps", "topk_iterations", "heads"].map { name in
            #""\#(name)": [\#((1...200).map(String.init).joined(separator: ", "))]"#
        }
        func body(_ grid: String, seeds: Int) -> String {
            let seeds = (1...seeds).map(String.init).joined(separator: ", ")
            return #"{"dataset": "\#(dataset)", "model": "emo", "seeds": [\#(seeds)], "grid": {\#(grid)}}"#
        }
        // More than there is memory for.
        let huge = try await service.post("/v1/sweeps", body(axes.joined(separator: ", "), seeds: 1))
        #expect(try expectProblem(huge, 422, "invalid_request")["/grid"]?.contains("10000") == true)
        let over = try await service.post("/v1/sweeps", body(axes[0], seeds: 51))
        try expectProblem(over, 422, "invalid_request")
    }

    @Test func wantsADatasetWithSplits() async throws {
        let service = try TestService.make()
        func body(_ dataset: String) -> String {
            #"{"dataset": "\#(dataset)", "model": "emo", "seeds": [1], "study": "mask-ratio"}"#
        }
        try expectProblem(await service.post("/v1/sweeps", body("ds_none")), 422, "unknown_dataset")
        let dataset = try await service.makeSyntheticDataset(clips: [.train: 8])
        try expectProblem(await service.post("/v1/sweeps", body(dataset)), 422, "incomplete_dataset")
        try expectProblem(await service.get("/v1/sweeps/sweep_none"), 404, "not_found")
        try expectProblem(await service.post("/v1/sweeps/sweep_none/cancel", ""), 404, "not_found")
        try expectProblem(await service.delete("/v1/sweeps/sweep_none"), 404, "not_found")
    }

    @Test func makesOneSweepOfOneKey() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let body = #"{"dataset": "\#(dataset)", "model": "emo", "seeds": [1, 2], "study": "mask-ratio"}"#
        let fields: HTTPFields = [.idempotencyKey: "k1"]
        let first = try await service.post("/v1/sweeps", body, fields: fields)
        let second = try await service.post("/v1/sweeps", body, fields: fields)
        #expect(first.status == 201 && second.status == 201)
        #expect(first.fields[.idempotentReplayed] == nil && second.fields[.idempotentReplayed] == "true")
        #expect(try first.json == second.json)
        let other = body.replacingOccurrences(of: "[1, 2]", with: "[1]")
        try expectProblem(await service.post("/v1/sweeps", other, fields: fields), 422, "idempotency_conflict")
        let job = #"{"dataset": "\#(dataset)", "model": "emo"}"#
        try expectProblem(await service.post("/v1/jobs", job, fields: fields), 422, "idempotency_conflict")
        #expect(try await service.get("/v1/sweeps").json["data"].elements.count == 1)
    }

    @Test func cancelsAndDeletesAllOfASweep() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let body = #"{"dataset": "\#(dataset)", "model": "emo", "seeds": [1], "grid": {"app": ["on", "off"]}}"#
        let sweep = try await service.post("/v1/sweeps", body).json
        let path = "/v1/sweeps/\(try #require(sweep["id"].text))"
        let job = "/v1/jobs/\(try #require(sweep["cells"][0]["jobs"][0]["id"].text))"
        _ = try #require(try await service.backend.jobs.claim())
        let paused = "/v1/jobs/\(try #require(sweep["cells"][1]["jobs"][0]["id"].text))"
        _ = try await service.post("\(paused)/pause", "")
        try expectProblem(await service.delete(path), 409, "sweep_not_over")
        for _ in 0..<2 {
            let reply = try await service.post("\(path)/cancel", "")
            #expect(reply.status == 202)
            #expect(try reply.json["jobs"]["cancelling"] == .integer(1))
            #expect(try reply.json["jobs"]["cancelled"] == .integer(1))
        }
        try expectProblem(await service.delete(path), 409, "sweep_not_over")
        _ = try await service.backend.jobs.requeueInterrupted()
        #expect(try await service.get(path).json["status"].text == "over")
        // A job does not go without the others.
        try expectProblem(await service.delete(job), 409, "job_in_sweep")
        #expect(try await service.delete(path).status == 204)
        for path in [path, job, paused] { try expectProblem(await service.get(path), 404, "not_found") }
        #expect(try await service.delete("/v1/datasets/\(dataset)").status == 204)
    }

    @Test func comparesCellsOverTheirSeeds() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let body = #"""
            {"dataset": "\#(dataset)", "model": "emo", "seeds": [5, 6, 7],
             "cells": [{"name": "first"}, {"name": "second", "hyperparameters": {"app": "off"}}]}
            """#
        let sweep = try await service.post("/v1/sweeps", body).json
        let path = "/v1/sweeps/\(try #require(sweep["id"].text))"
        // By cell and seed: validation and test micro F1. One fails, and one is measured without a test split.
        let figures: [Int: [Int: (valid: Double, test: Double?)]] = [
            0: [5: (0.5, 0.25), 6: (0.75, 0.5), 7: (1, 0.75)],
            1: [5: (0.75, 0.75), 7: (0.5, nil)],
        ]
        while let claimed = try await service.backend.jobs.claim() {
            let cell = try #require(claimed.job.sweep?.cell)
            let seed = Int(try claimed.job.specification.seed)
            guard let (valid, test) = figures[cell]?[seed] else {
                _ = try await service.backend.jobs.finish(claimed.token, .failed(error: "it diverged", isFinal: true))
                continue
            }
            func metrics(_ f1: Double) -> String {
                #"{"accuracy": 0.5, "hamming_loss": 0.25, "micro_f1": \#(f1), "macro_f1": 0, "per_label_f1": [0, 1]}"#
            }
            let result =
                #"{"validation": \#(metrics(valid))"# + (test.map { #", "test": \#(metrics($0))"# } ?? "") + "}"
            _ = try await service.backend.jobs.finish(
                claimed.token, .succeeded(result: Data(result.utf8), models: []))
        }
        let view = try await service.get(path).json
        #expect(view["status"].text == "over" && view["jobs"]["succeeded"] == .integer(5))
        let (first, second) = (view["cells"][0], view["cells"][1])
        #expect(first["n"] == .integer(3) && second["n"] == .integer(2))
        #expect(second["jobs"].elements.map { $0["status"].text } == ["succeeded", "failed", "succeeded"])
        // Of 0.5, 0.75 and 1: the deviation is √((0.25² + 0 + 0.25²) / 2) = 0.25.
        #expect(
            first["metrics"]["valid"]["micro_f1"] == [
                "n": .integer(3), "mean": .number(0.75), "deviation": .number(0.25),
            ])
        #expect(first["metrics"]["test"]["micro_f1"]["mean"] == .number(0.5))
        #expect(
            first["metrics"]["valid"]["hamming_loss"] == [
                "n": .integer(3), "mean": .number(0.25), "deviation": .integer(0),
            ])
        #expect(first["differences"] == .object([:]))
        // Of 0.75 and 0.5.
        #expect(second["metrics"]["valid"]["micro_f1"]["mean"] == .number(0.625))
        #expect(
            try #require(second["metrics"]["valid"]["micro_f1"]["deviation"].double).isClose(to: 0.03125.squareRoot()))
        #expect(second["metrics"]["test"]["micro_f1"] == ["n": .integer(1), "mean": .number(0.75)])
        // 0.75 − 0.5 and 0.5 − 1: mean −0.125, deviation √(2 · 0.375²) = 0.375 √2, t = −0.125 / 0.375 = −1/3.
        let difference = second["differences"]["valid"]["micro_f1"]
        #expect(difference["n"] == .integer(2) && difference["mean"] == .number(-0.125))
        #expect(try #require(difference["deviation"].double).isClose(to: 0.375 * 2.0.squareRoot()))
        #expect(try #require(difference["t"].double).isClose(to: -1.0 / 3))
        #expect(second["differences"]["test"]["micro_f1"] == ["n": .integer(1), "mean": .number(0.5)])
        #expect(second["differences"]["valid"]["accuracy"]["t"] == .null)
    }

    @Test(arguments: [false, true])
    func makesVersionsWhereTheyAreWanted(keepsModels: Bool) async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let pool = Task { try await service.backend.makePool().run() }
        let body = #"""
            {"dataset": "\#(dataset)", "model": "emo", "seeds": [1], "keep_models": \#(keepsModels),
             "checkpoint": {"every_steps": 3}, "grid": {"app": ["off", "on"]},
             "hyperparameters": {"d_model": 16, "heads": 2, "feed_forward": 32, "unimodal_blocks": 1, "multimodal_blocks": 1,
                                 "batch_size": 16, "epochs": 2}}
            """#
        let sweep = try await service.post("/v1/sweeps", body).json
        for cell in sweep["cells"].elements {
            let id = try #require(cell["jobs"][0]["id"].text)
            let record = try await service.job(id) { $0.state.isOver }
            #expect(record.state == .succeeded && record.versions.isEmpty == !keepsModels, "\(record.error ?? "")")
            #expect(try await service.get("/v1/jobs/\(id)").json["result"]["validation"]["micro_f1"].double != nil)
        }
        let path = "/v1/sweeps/\(try #require(sweep["id"].text))"
        let view = try await service.get(path).json
        #expect(view["cells"][0]["metrics"]["test"]["accuracy"]["n"] == .integer(1))
        #expect(view["cells"][1]["differences"]["valid"]["micro_f1"]["n"] == .integer(1))
        if !keepsModels {
            try expectProblem(await service.get("/v1/models/emo"), 404, "not_found")
            let job = try #require(view["cells"][1]["jobs"][0]["id"].text)
            let version = try await service.post("/v1/jobs/\(job)/checkpoints/6/promote?weights=best", "")
            #expect(version.status == 201)
        }
        #expect(try service.files(in: "work").isEmpty)
        pool.cancel()
        try await pool.value
        #expect(try await service.delete(path).status == 204)
        #expect(try service.files(in: "checkpoints").isEmpty)
        // Models stay, and know no job any more.
        #expect(try await service.get("/v1/models/emo/versions/1").json["job"] == .null)
    }
}

extension Double {
    fileprivate func isClose(to other: Double) -> Bool { abs(self - other) < 1e-12 }
}
