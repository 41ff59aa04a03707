import Emotion
import Foundation
import JSON

/// A client that trains tiny models, lists jobs and submits some, and measures how long that takes.
struct JobsLoad: Sendable {
    struct Outcome: Sendable {
        /// From sending a job to seeing the loss of its first step.
        var firstSteps: Timings
        var pages: Timings
        var submissions: Timings
        var submissionsPerSecond: Double
    }

    let port: Int
    let bench: Bench.Jobs

    /// - Throws: ``Failure`` when a connection fails or an answer is no success.
    func run() throws -> Outcome {
        let client = try BenchClient(port: port)
        let job = HTTPMessage(method: "POST", path: "/v1/jobs", body: submission(try upload(client)))
        // One that is not measured: nothing was started, read or compiled before it.
        _ = try firstStep(of: job, client)
        var firstSteps = Timings()
        for _ in 0..<bench.trainings { firstSteps.add(try firstStep(of: job, client)) }
        var pages = Timings()
        var after = ""
        for _ in 0..<bench.pages {
            let start = ContinuousClock.now
            let page = try client.exchange(HTTPMessage(path: "/v1/jobs?limit=100\(after)"))
            pages.add(ContinuousClock.now - start)
            let list = try JSONReader.decode(List.self, from: Data(page))
            after = list.hasMore ? "&after=\(list.data.last?.id ?? "")" : ""
        }
        let load = HTTPLoad(
            port: port, request: job, connections: bench.connections, warmup: .seconds(1),
            duration: .seconds(bench.seconds))
        let outcome = try load.run()
        return Outcome(
            firstSteps: firstSteps, pages: pages, submissions: Timings(seconds: outcome.latencies),
            submissionsPerSecond: Double(outcome.latencies.count) / outcome.seconds)
    }

    /// Makes a small data set.
    ///
    /// - Returns: its id.
    private func upload(_ client: BenchClient) throws -> String {
        let directory = FileManager.default.temporaryDirectory.appending(path: "limbic-bench-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        var dataset = SyntheticDataset()
        dataset.clips = [.train: 40, .valid: 16, .test: 16]
        try dataset.write(to: directory.path)
        let answer = try client.exchange(
            HTTPMessage(method: "POST", path: "/v1/datasets", body: Array(#"{"name": "bench"}"#.utf8)))
        let id = try made(answer).id
        for split in dataset.clips.keys {
            let file = try Data(contentsOf: directory.appending(path: "\(split.rawValue).npz"))
            _ = try client.exchange(
                HTTPMessage(
                    method: "PUT", path: "/v1/datasets/\(id)/splits/\(split.rawValue)", type: "application/x-npz",
                    body: Array(file)))
        }
        return id
    }

    private func submission(_ dataset: String) -> [UInt8] {
        Array(
            """
            {"dataset": "\(dataset)", "model": "bench", "hyperparameters": {"d_model": 8, "heads": 2, "feed_forward": 8, \
            "unimodal_blocks": 1, "multimodal_blocks": 1, "batch_size": 16, "epochs": 1}}
            """.utf8)
    }

    private func firstStep(of job: HTTPMessage, _ client: BenchClient) throws -> Duration {
        let start = ContinuousClock.now
        let path = try "/v1/jobs/\(made(client.exchange(job)).id)"
        let metrics = HTTPMessage(path: "\(path)/metrics?names=loss_recognition")
        // Until the list is no longer empty, looking so seldom that the worker is not held up.
        while try client.exchange(metrics).starts(with: #"{"data":[]"#.utf8) {
            guard ContinuousClock.now - start < .seconds(60) else {
                throw Failure(.inputOutput, "\(path) has taken no step for a minute")
            }
            usleep(1000)
        }
        let time = ContinuousClock.now - start
        // The next one is to find the slot free.
        while try made(client.exchange(HTTPMessage(path: "\(path)?wait=20"))).finishedAt == nil {}
        return time
    }

    private func made(_ answer: ArraySlice<UInt8>) throws -> Resource {
        try JSONReader.decode(Resource.self, from: Data(answer))
    }

    private struct Resource: Decodable {
        let id: String
        let finishedAt: String?

        enum CodingKeys: String, CodingKey {
            case id
            case finishedAt = "finished_at"
        }
    }

    private struct List: Decodable {
        let data: [Resource]
        let hasMore: Bool

        enum CodingKeys: String, CodingKey {
            case data
            case hasMore = "has_more"
        }
    }
}
