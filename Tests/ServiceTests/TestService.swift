import Emotion
import Engine
import Foundation
import HTTP
import HTTPTypes
import Jobs
import JSON
import Logging
import Platform
import Testing

@testable import Service

/// A service on a data directory of its own, with routes that run without sockets; removed with the value.
final class TestService: Sendable {
    /// An answer with its body read.
    struct Reply {
        let status: Int
        let fields: HTTPFields
        let bytes: [UInt8]

        var json: JSONValue {
            get throws { try JSONReader.value(bytes) }
        }
    }

    let directory: URL
    let backend: Backend
    let router: Router

    /// The root of the package.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private init(
        directory: URL, database: Jobs.Database.Options, _ adjust: (inout ServiceConfiguration) -> Void
    ) throws {
        self.directory = directory
        backend = try Backend(.make(directory, adjust), database: database, logger: .quiet)
        router = backend.makeRouter()
    }

    static func make(
        at directory: URL = .temporary(),
        database: Jobs.Database.Options = .init(),
        _ adjust: (inout ServiceConfiguration) -> Void = { _ in }
    ) throws -> TestService {
        try TestService(directory: directory, database: database, adjust)
    }

    deinit {
        try? backend.database.close()
        try? FileManager.default.removeItem(at: directory)
    }

    func send(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ body: [UInt8] = [],
        fields: HTTPFields = [:]
    ) async throws -> Reply {
        var fields = fields
        if method == .post, !body.isEmpty, !fields.contains(.contentType) {
            fields[.contentType] = "application/json; charset=utf-8"
        }
        let request = Request(method, target, fields: fields, body: body)
        let response = await router.respond(to: request)
        let reply = Reply(
            status: response.status.code,
            fields: response.fields,
            bytes: try await response.body.collect()
        )
        try expectConformance(reply, to: request, router)
        return reply
    }

    func post(_ target: String, _ body: String, fields: HTTPFields = [:]) async throws -> Reply {
        try await send(.post, target, Array(body.utf8), fields: fields)
    }

    func get(_ target: String) async throws -> Reply { try await send(.get, target) }

    func delete(_ target: String) async throws -> Reply { try await send(.delete, target) }

    /// A data set without splits, by its id.
    func makeDataset(_ members: String = "") async throws -> String {
        let reply = try await post("/v1/datasets", #"{"name": "words"\#(members)}"#)
        #expect(reply.status == 201)
        return try #require(try reply.json["id"].text)
    }

    func put(_ split: String, _ dataset: String, _ bytes: [UInt8], fields: HTTPFields = [:]) async throws -> Reply {
        try await send(.put, "/v1/datasets/\(dataset)/splits/\(split)", bytes, fields: fields)
    }

    /// A small data set with three splits, by its id.
    func makeSyntheticDataset(clips: [DatasetDirectory.Split: Int] = [.train: 48, .valid: 24, .test: 24]) async throws
        -> String
    {
        let id = try await makeDataset()
        for (split, bytes) in try SyntheticSplits.make(clips) {
            let reply = try await put(split.rawValue, id, bytes)
            #expect(reply.status == 201, "\(String(decoding: reply.bytes, as: UTF8.self))")
        }
        return id
    }

    /// A model with random parameters, by hand.
    @discardableResult
    func makeModel(
        _ name: String = "emo", labels: [String] = ["happy", "sad"],
        _ change: (inout Hyperparameters) -> Void = { _ in }
    ) async throws -> ModelRecord {
        var hyperparameters = Hyperparameters()
        hyperparameters.modelWidth = 8
        hyperparameters.heads = 2
        hyperparameters.feedForward = 16
        hyperparameters.unimodalBlocks = 1
        hyperparameters.multimodalBlocks = 1
        change(&hyperparameters)
        let configuration = ModelConfiguration(
            labels: labels,
            modalities: [Modality(name: "audio", featureSize: 2), Modality(name: "text", featureSize: 3)],
            hyperparameters: hyperparameters
        )
        let network = Network(configuration)
        let model = Model(network: network, parameters: .init(layout: network.layout, seed: 1))
        let path = "models/\(name)/\(UUID().uuidString)"
        try ModelDirectory.write(model, to: backend.directory.path(path))
        return try await backend.models.register(
            ModelDraft(
                name: name,
                digest: try ModelDirectory.digest(of: backend.directory.path(path)),
                directory: path,
                document: Data(contentsOf: backend.directory.url("\(path)/\(ModelDirectory.configurationName)"))
            )
        )
    }

    /// The files below the data directory's folder `folder`.
    func files(in folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: backend.directory.path(folder)).sorted()
    }

    /// The job, as soon as it is as wanted.
    func job(_ id: String, where condition: (JobRecord) -> Bool) async throws -> JobRecord {
        for await _ in backend.jobs.changes(of: id) {
            let job = try #require(try await backend.jobs.get(id))
            if condition(job) { return job }
        }
        throw CancellationError()
    }
}

extension ServiceConfiguration {
    static func make(_ directory: URL, _ adjust: (inout ServiceConfiguration) -> Void = { _ in })
        -> ServiceConfiguration
    {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        var configuration = ServiceConfiguration(
            dataDirectory: directory,
            migrations: TestService.root.appendingPathComponent("Migrations"),
            publicDirectory: TestService.root.appendingPathComponent("Public"),
            // Tests and products are built into one folder.
            workerExecutable: URL(filePath: program).deletingLastPathComponent().appendingPathComponent("limbic").path,
            threads: 2,
            trainingThreads: 1
        )
        configuration.server.port = 0
        adjust(&configuration)
        return configuration
    }
}

extension Logger {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension URL {
    /// A directory that does not exist yet.
    static func temporary() -> URL {
        URL(filePath: NSTemporaryDirectory()).appendingPathComponent("limbic-\(UUID().uuidString)")
    }
}

/// Files of splits with a planted signal.
enum SyntheticSplits {
    static func make(_ clips: [DatasetDirectory.Split: Int]) throws -> [(DatasetDirectory.Split, [UInt8])] {
        let directory = URL.temporary()
        defer { try? FileManager.default.removeItem(at: directory) }
        var dataset = SyntheticDataset()
        dataset.sources = [
            .init(name: "audio", featureSize: 4, units: 2...5), .init(name: "text", featureSize: 6, units: 2...5),
        ]
        dataset.labels = ["happy", "sad", "angry"]
        dataset.clips = clips
        try dataset.write(to: directory.path)
        return try clips.keys.sorted { $0.rawValue < $1.rawValue }.map { split in
            (split, Array(try Data(contentsOf: directory.appendingPathComponent("\(split.rawValue).npz"))))
        }
    }
}

extension JSONValue {
    subscript(name: String) -> JSONValue {
        if case .object(let members) = self { members[name] ?? .null } else { .null }
    }

    subscript(index: Int) -> JSONValue {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { .null }
    }

    var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}

/// Expects a problem document, and returns its `errors` by pointer.
@discardableResult
func expectProblem(
    _ reply: TestService.Reply,
    _ status: Int,
    _ code: String,
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> [String: String] {
    let json = try reply.json
    let text = String(decoding: reply.bytes, as: UTF8.self)
    #expect(reply.status == status, "\(text)", sourceLocation: sourceLocation)
    #expect(json["code"].text == code, "\(text)", sourceLocation: sourceLocation)
    #expect(json["status"] == .integer(status), sourceLocation: sourceLocation)
    #expect(reply.fields[.contentType] == "application/problem+json", sourceLocation: sourceLocation)
    #expect(json["type"].text == "about:blank" && json["title"].text != nil, sourceLocation: sourceLocation)
    #expect(json["detail"].text != nil && json["detail"] == json["error"], sourceLocation: sourceLocation)
    #expect(json["request_id"].text != nil, sourceLocation: sourceLocation)
    return Dictionary(
        json["errors"].elements.map { ($0["pointer"].text ?? "-", $0["detail"].text ?? "-") },
        uniquingKeysWith: { first, _ in first }
    )
}
