import Emotion
import Foundation
import Jobs
import Testing

@testable import Service

struct ModelCacheTests {
    private static let clip = #"{"clips": [{"audio": [[1, 2]]}]}"#

    @Test func anUnloadedVersionAnswersAgainWhenItIsLoaded() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let version = try #require(service.backend.registry.newest("emo"))
        let cache = service.backend.predictor.cache
        #expect(cache.status(of: version) == .idle)
        try await cache.load(version)
        #expect(cache.status(of: version) == .loaded && cache.usage.models == 1)
        cache.unload(version)
        #expect(cache.status(of: version) == .unloaded && cache.usage == (0, 0))
        try expectProblem(await service.post("/v1/models/emo/predict", Self.clip), 503, "model_unloaded")
        try await cache.load(version)
        #expect(try await service.post("/v1/models/emo/predict", Self.clip).status == 200)
    }

    @Test func theModelThereIsGoesOnWhenItsFilesCannotBeReadAnew() async throws {
        let service = try TestService.make()
        let record = try await service.makeModel()
        let version = try #require(service.backend.registry.newest("emo"))
        let cache = service.backend.predictor.cache
        let first = try await cache.model(version)
        try await cache.load(version)
        #expect(try await cache.model(version) === first)
        try await cache.load(version, anew: true)
        let second = try await cache.model(version)
        #expect(second !== first)
        let weights = service.backend.directory.url("\(record.directory)/model.safetensors")
        let bytes = try Data(contentsOf: weights)
        try bytes.dropLast().write(to: weights)
        await #expect(throws: Problem.self) { try await cache.load(version, anew: true) }
        #expect(try await cache.model(version) === second && cache.status(of: version) == .loaded)
        cache.unload(version)
        await #expect(throws: Problem.self) { try await cache.load(version) }
        guard case .failed(let reason) = cache.status(of: version) else {
            Issue.record("it is \(cache.status(of: version))")
            return
        }
        #expect(reason.contains("version 1 of model emo"))
        try bytes.write(to: weights)
        #expect(try await service.post("/v1/models/emo/predict", Self.clip).status == 200)
    }

    @Test func noRequestIsLostWhileModelsAreLoadedAnew() async throws {
        let service = try TestService.make()
        for _ in 1...2 { try await service.makeModel() }
        let versions = try (1...2).map { try #require(service.backend.registry.version($0, of: "emo")) }
        let cache = service.backend.predictor.cache
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<4 {
                group.addTask {
                    for request in 0..<50 {
                        let number = (client + request) % 2 + 1
                        let reply = try await service.post("/v1/models/emo/predict?version=\(number)", Self.clip)
                        #expect(reply.status == 200)
                    }
                }
            }
            group.addTask {
                for turn in 0..<40 { try await cache.load(versions[turn % 2], anew: true) }
            }
            try await group.waitForAll()
        }
    }

    @Test func whatAnswersByDefaultIsThereBeforeTheServiceIsReady() async throws {
        let service = try TestService.make()
        for name in ["a", "b", "b"] { try await service.makeModel(name) }
        let registry = service.backend.registry
        _ = try await service.backend.models.setAlias("default", of: "b", to: 1) { _ in }
        await service.backend.warmUp()
        let cache = service.backend.predictor.cache
        let statuses = [("a", 1), ("b", 1), ("b", 2)].map { name, number in
            registry.version(number, of: name).map { cache.status(of: $0) }
        }
        #expect(statuses == [.loaded, .loaded, .idle])
        let one = cache.usage.bytes / 2
        let small = try TestService.make { $0.modelMemory = one }
        for name in ["a", "b"] { try await small.makeModel(name) }
        await small.backend.warmUp()
        #expect(small.backend.predictor.cache.usage == (1, one))
    }

    @Test(.enabled(if: PredictionPrecision.int8.fault == nil))
    func allModelsPredictInThePrecisionOfTheService() async throws {
        var answers: [[Double]] = []
        var bytes: [Int] = []
        for precision in [PredictionPrecision.float32, .int8] {
            let service = try TestService.make { $0.precision = precision }
            try await service.makeModel { ($0.modelWidth, $0.feedForward) = (64, 128) }
            let answer = try await service.post("/v1/models/emo/predict", Self.clip).json
            let probabilities = answer["predictions"][0]["probabilities"].members
            answers.append(probabilities.keys.sorted().map { probabilities[$0]?.double ?? -1 })
            bytes.append(service.backend.predictor.cache.usage.bytes)
        }
        #expect(answers[0].count == 2 && answers[0] != answers[1])
        #expect(zip(answers[0], answers[1]).allSatisfy { abs($0 - $1) < 0.02 })
        #expect(bytes[1] < bytes[0] * 3 / 4)
    }
}
