import Dispatch
import Emotion
import HTTPTypes
import JSON
import Testing

@testable import HTTP
@testable import Service

/// Predictions that are asked for at the same time, and those that come too late.
struct PredictorTests {
    private static let path = "/v1/models/emo/predict"

    /// A clip as JSON, of so many units.
    private static func clip(_ units: Int) -> String {
        "{\"text\": [\((0..<units).map { "[\(Double($0 % 7) / 8), 1, -\($0 % 5)]" }.joined(separator: ","))], \"audio\": [[1, \(units)]]}"
    }

    @Test func answersTheSameToTheBitInAnyCompany() async throws {
        let service = try TestService.make()
        try await service.makeModel { $0.modelWidth = 64 }
        let clips = (1...60).map { Self.clip($0 * 7 % 101 + 1) }
        var alone: [JSONValue] = []
        for clip in clips {
            let answer = try await service.post(Self.path, #"{"clips": [\#(clip)], "explain": true}"#).json
            alone.append(answer["predictions"][0])
        }
        let body = #"{"clips": [\#(clips.joined(separator: ","))], "explain": true}"#
        #expect(try await service.post(Self.path, body).json["predictions"] == .array(alone))
        // Each by itself, all at once, so that they meet in batches.
        let met = try await withThrowingTaskGroup(of: (Int, JSONValue).self) { group in
            for (index, clip) in clips.enumerated() {
                group.addTask {
                    let answer = try await service.post(Self.path, #"{"clips": [\#(clip)], "explain": true}"#).json
                    return (index, answer["predictions"][0])
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (index, prediction) in alone.enumerated() { #expect(met[index] == prediction) }
    }

    @Test func tellsWhoComesWhenThereAreTooMany() async throws {
        let service = try TestService.make { $0.maxPredictions = 0 }
        try await service.makeModel()
        let reply = try await service.post(Self.path, #"{"clips": [\#(Self.clip(1))]}"#)
        try expectProblem(reply, 429, "overloaded")
        #expect(reply.fields[.retryAfter] == "1")
    }

    @Test func refusesWhatWouldWaitTooLong() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        let predictor = service.backend.predictor
        let version = try #require(service.backend.registry.newest("emo"))
        let body = #"{"clips": [\#(Self.clip(1))]}"#
        // The engine is busy, and the model takes ten seconds for a unit.
        let (gate, open) = AsyncStream<Void>.makeStream()
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let busy = Task {
            await predictor.run {
                begin.finish()
                let done = DispatchSemaphore(value: 0)
                Task {
                    for await _ in gate {}
                    done.signal()
                }
                done.wait()
            }
        }
        for await _ in begun {}
        let first = Task { try await service.post(Self.path, body) }
        while predictor.load.requests < 1 { await Task.yield() }
        let second = Task { try await service.post(Self.path, body) }
        while predictor.load.waiting < 1 { await Task.yield() }
        try await predictor.cache.model(version).pace.count(units: 1, in: .seconds(10))
        #expect(predictor.load.units == 2)
        let refused = try await service.post(Self.path, body, fields: [Self.timeout: "15000"])
        try expectProblem(refused, 429, "overloaded")
        // Two units of ten seconds, and a quarter more.
        #expect(refused.fields[.retryAfter] == "25")
        // What is urgent does not wait for them.
        let urgent = Task {
            try await service.post(Self.path, body, fields: [Self.timeout: "600000", Self.priority: "u=0"])
        }
        while predictor.load.waiting < 2 { await Task.yield() }
        open.finish()
        for task in [first, second, urgent] { #expect(try await task.value.status == 200) }
        await busy.value
    }

    @Test func isNotLate() async throws {
        let service = try TestService.make()
        try await service.makeModel()
        // To read it takes longer.
        let body = #"{"clips": [\#(Self.clip(4000))]}"#
        let late = try await service.post(Self.path, body, fields: [Self.timeout: "1"])
        try expectProblem(late, 504, "deadline_exceeded")
        #expect(try await service.post(Self.path, body, fields: [Self.timeout: "86400000"]).status == 200)
        for value in ["", "0", "1.5", "-1", "soon", "86400001"] {
            try expectProblem(
                await service.post(Self.path, body, fields: [Self.timeout: value]), 400, "invalid_header")
        }
    }

    @Test func isAnsweredOnce() {
        let answers = Answers()
        let pending = PendingPrediction(urgency: 3, deadline: nil, responder: answers.responder) { _ in
            answers.count += 1
        }
        #expect(pending.isWanted() && !pending.isLate)
        pending.answer { Response() }
        pending.answer { throw CancellationError() }
        pending.giveUp()
        #expect(answers.count == 1 && answers.results.count == 1 && !pending.isWanted())
    }

    @Test func whatComesAfterItsTimeIsNoAnswer() throws {
        let answers = Answers()
        let pending = PendingPrediction(
            urgency: 3, deadline: .now - .seconds(1), responder: answers.responder
        ) { _ in }
        #expect(!pending.isWanted() && pending.isLate)
        pending.answer { Response() }
        let error = #expect(throws: Problem.self) { try answers.results[0].get() }
        #expect(error?.status == .gatewayTimeout)
    }

    @Test(arguments: [
        ("u=0", 0), ("u=7, i", 7), ("i,u=2", 2), ("u=1, u=5", 5), ("u=2;x", 2), ("u=9", 3), ("u=+1", 3),
        ("nonsense", 3), ("", 3),
    ])
    func takesPriorities(value: String, urgency: Int) {
        let request = Request(.post, "/", fields: [HTTPField.Name("Priority")!: value], body: [])
        #expect(PredictRoute.urgency(of: request) == urgency)
    }

    @Test(.timeLimit(.minutes(10)))
    func whatIsLateIsAnsweredWhileItWaits() async {
        let deadlines = Deadlines()
        // One after the other, so that the timer begins anew.
        for _ in 0..<3 {
            let (stream, answered) = AsyncStream.makeStream(of: Result<Response, any Error>.self)
            let pending = PendingPrediction(
                urgency: 3, deadline: .now + .milliseconds(1), responder: Responder { answered.yield($0) }
            ) { deadlines.forget($0) }
            deadlines.watch(pending)
            for await answer in stream {
                let error = #expect(throws: Problem.self) { try answer.get() }
                #expect(error?.status == .gatewayTimeout)
                break
            }
        }
    }

    private static let timeout = HTTPField.Name("X-Request-Timeout-Ms")!
    private static let priority = HTTPField.Name("Priority")!
}

/// What a responder is given. `@unchecked Sendable`: used by one thread.
private final class Answers: @unchecked Sendable {
    var results: [Result<Response, any Error>] = []
    var count = 0
    private(set) lazy var responder = Responder { [unowned self] in results.append($0) }
}
