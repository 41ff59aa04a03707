import Emotion
import Engine
import Foundation
import Jobs
import JSON
import Platform
import Synchronization
import Testing

@testable import Service

/// Trainings by the real worker, inside this process and as children.
struct TrainingTests {
    private static let small = #"""
        "hyperparameters": {"d_model": 16, "heads": 2, "feed_forward": 32, "unimodal_blocks": 1, "multimodal_blocks": 1,
                            "batch_size": 16, "learning_rate": 1e-3, "epochs": 3}
        """#

    @Test func tellsOfATraining() async throws {
        let service = try TestService.make()
        let task = try await Self.task(in: service)
        let (code, messages) = Self.run(task)
        #expect(code == WorkerProgram.Exit.success)
        let names = Set(messages.compactMap { if case .metric(let name, _, _) = $0 { name } else { nil } })
        #expect(names.isSuperset(of: ["loss_recognition", "learning_rate", "gradient_norm", "clips_per_second"]))
        #expect(names.isSuperset(of: ["valid_micro_f1", "valid_macro_f1", "valid_accuracy", "valid_hamming_loss"]))
        let kinds = messages.compactMap { if case .event(_, let kind, _) = $0 { kind } else { nil } }
        #expect(kinds == ["data_loaded", "epoch", "epoch", "epoch"])
        guard case .result(let document) = messages.last else { return #expect(Bool(false), "no result") }
        let result = try JSONReader.value(document)
        #expect(result["test"]["micro_f1"].double != nil && result["best_epoch"].double != nil)
        #expect(try ModelDirectory.read(task.output).configuration.training?.steps == 9)
    }

    @Test func tellsOfAnEarlyStop() async throws {
        let service = try TestService.make()
        var task = try await Self.task(in: service)
        task.hyperparameters.epochs = 8
        task.hyperparameters.learningRate = 0
        task.earlyStopping = .init(metric: .microF1, patience: 2)
        let (code, messages) = Self.run(task)
        #expect(code == WorkerProgram.Exit.success)
        let events = messages.compactMap {
            if case .event(_, "early_stop", let document) = $0 { document } else { nil }
        }
        #expect(events.count == 1)
        let event = try JSONReader.value(try #require(events.first))
        #expect(event["metric"].text == "valid_micro_f1" && event["patience"] == .integer(2))
        #expect(event["epochs"] == .integer(3) && event["planned_epochs"] == .integer(8))
        #expect(event["best_epoch"] == .integer(1) && event["kept_epoch"] == .integer(1))
        guard case .result(let document) = messages.last else { return #expect(Bool(false), "no result") }
        #expect(try JSONReader.value(document)["stopped_early"] == event)
        // Epochs done, counted like those of the result, and no more to come.
        let progress = messages.compactMap { if case .progress(let progress) = $0 { progress } else { nil } }
        #expect(progress.last?.epoch == 3 && progress.last?.epochs == 3)
        #expect(progress.last?.step == 9 && progress.last?.steps == 9)
    }

    @Test func failsWhereNoClipOfTheValidationSplitCanBeComputed() async throws {
        let service = try TestService.make()
        var task = try await Self.task(in: service)
        try Self.replace("valid", of: &task, by: Self.tooLarge)
        let (code, messages) = Self.run(task)
        // Another attempt would end the same way.
        #expect(code == WorkerProgram.Exit.data)
        guard case .failure(let message) = messages.last else { return #expect(Bool(false), "no failure") }
        #expect(message.contains("none of the 2 clips of the validation split can be computed"))
        #expect(!FileManager.default.fileExists(atPath: task.output + "/" + ModelDirectory.weightsName))
    }

    @Test func warnsWhereNoClipOfTheTestSplitCanBeComputed() async throws {
        let service = try TestService.make()
        var task = try await Self.task(in: service)
        try Self.replace("test", of: &task, by: Self.tooLarge)
        let (code, messages) = Self.run(task)
        #expect(code == WorkerProgram.Exit.success)
        let events = messages.compactMap { if case .event(_, "warning", let document) = $0 { document } else { nil } }
        let warning = try JSONReader.value(try #require(events.first))
        #expect(events.count == 1 && warning["code"].text == "not_computable" && warning["split"].text == "test")
        #expect(warning["count"] == .integer(2) && warning["clips"] == .integer(2))
        guard case .result(let document) = messages.last else { return #expect(Bool(false), "no result") }
        let result = try JSONReader.value(document)
        #expect(result["test"] == .null && result["warnings"][0] == warning)
    }

    /// Two clips whose features no sum can hold.
    private static let tooLarge = Data(
        String(repeating: #"{"text": [[3e38, 3e38, 3e38, 3e38, 3e38, 3e38]], "labels": [1, 0, 0]}"# + "\n", count: 2)
            .utf8)

    @Test func saysWhatIsWrongWithItsData() async throws {
        let service = try TestService.make()
        var task = try await Self.task(in: service)
        try Self.replace("valid", of: &task, by: Data("PK".utf8))
        task.output += "-2"
        let message = try Self.failure(of: task, code: WorkerProgram.Exit.data)
        #expect(message.hasPrefix("the valid split: "))
        #expect(!message.contains("valid-") && !message.contains("/"), "\(message)")
    }

    @Test func trainsOnNothingButWhatWasUploaded() async throws {
        let service = try TestService.make()
        let task = try await Self.task(in: service)
        for split in ["train", "valid", "test"] {
            let file = try #require(task.splits[split])
            let url = URL(filePath: file.path)
            let whole = try Data(contentsOf: url)
            let tensors = try Self.tensors(of: url)
            func refusal(of bytes: Data) throws -> String {
                // The file that was there may be mapped by a training that is over, and keeps its bytes.
                try bytes.write(to: url, options: .atomic)
                return try Self.failure(of: task, code: WorkerProgram.Exit.data)
            }
            let start = "the \(split) split: file: is not what was uploaded: "
            #expect(try refusal(of: whole + [0]) == start + "file: has 1 bytes after its last tensor")
            #expect(try refusal(of: whole.prefix(100)).hasPrefix(start + "file: declares a header of "))
            let rows = try #require(tensors["rows.text"])
            var changed = whole
            changed[rows.lowerBound] ^= 1
            #expect(
                try refusal(of: changed) == start + "rows.text: is not what was written: its digest is another one")
            let labels = try #require(tensors["labels"])
            changed = whole
            changed[labels.lowerBound] ^= 1
            #expect(try refusal(of: changed) == start + "labels: is not what was written: its digest is another one")
            try whole.write(to: url, options: .atomic)
            var other = task
            other.splits[split]?.contentDigest = "sha256:0"
            #expect(
                try Self.failure(of: other, code: WorkerProgram.Exit.data)
                    == "\(start)the digest of its clips is \(file.contentDigest ?? ""), and was sha256:0")
            try FileManager.default.removeItem(at: url)
            #expect(
                try Self.failure(of: task, code: WorkerProgram.Exit.data) == "the \(split) split: file: cannot be read")
            try whole.write(to: url, options: .atomic)
        }
    }

    @Test func trainsOnNothingButWhatAnOlderServerKept() async throws {
        let service = try TestService.make()
        var task = try await Self.task(in: service)
        let archive = try #require(try SyntheticSplits.make([.train: 8]).first?.1)
        try Self.replace("train", of: &task, by: Data(archive))
        let file = try #require(task.splits["train"])
        // A byte more, of which what reads the archive may take no notice.
        try Data(archive + [0]).write(to: URL(filePath: file.path))
        let digest = try SHA256.digest(ofFile: file.path)
        #expect(
            try Self.failure(of: task, code: WorkerProgram.Exit.data)
                == "the train split: file: is not what was uploaded: its digest is \(digest), and was \(file.digest)"
        )
    }

    @Test func packedClipsMakeTheSameModelAsTheFilesThatWereUploaded() async throws {
        let service = try TestService.make()
        var task = try await Self.task(in: service)
        #expect(task.splits.values.allSatisfy { $0.contentDigest != nil })
        #expect(Self.run(task).code == WorkerProgram.Exit.success)
        let weights = { try Data(contentsOf: URL(filePath: "\(task.output)/\(ModelDirectory.weightsName)")) }
        let packed = try weights()
        for (split, bytes) in try SyntheticSplits.make([.train: 48, .valid: 24, .test: 24]) {
            try Self.replace(split.rawValue, of: &task, by: Data(bytes))
        }
        task.output += "-2"
        #expect(Self.run(task).code == WorkerProgram.Exit.success)
        #expect(try weights() == packed)
    }

    @Test func splitsThatAnOlderServerRecordedStillTrain() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let record = try #require(try await service.backend.datasets.get(dataset))
        for (split, bytes) in try SyntheticSplits.make([.train: 48, .valid: 24, .test: 24]) {
            var old = try #require(record.splits.first { $0.name == split.rawValue })
            try Data(bytes).write(to: service.backend.directory.url(old.path), options: .atomic)
            old.document = try JSONEncoder().encode(try old.contents.report)
            _ = try await service.backend.datasets.put(old, in: dataset)
        }
        let shown = try await service.get("/v1/datasets/\(dataset)").json["splits"]["train"]
        #expect(shown["digest"].text != nil && shown["content_digest"] == .null)
        let pool = Task { try await service.backend.makePool().run() }
        let body = #"{"dataset": "\#(dataset)", "model": "emo", \#(Self.small)}"#
        let id = try #require(try await service.post("/v1/jobs", body).json["id"].text)
        #expect(try await service.job(id) { $0.state.isOver }.state == .succeeded)
        pool.cancel()
        try await pool.value
    }

    @Test func saysNothingOfItsFilesInAFailure() async throws {
        let service = try TestService.make()
        var task = try await Self.task(in: service)
        task.output = "/proc/nowhere/model"
        #expect(
            try Self.failure(of: task, code: WorkerProgram.Exit.failure)
                == "the model could not be written: No such file or directory")
        // Weights cannot take the place of a folder.
        task.output = service.backend.directory.path("work/blocked")
        try FileManager.default.createDirectory(
            atPath: "\(task.output)/\(ModelDirectory.weightsName)", withIntermediateDirectories: true)
        #expect(
            try Self.failure(of: task, code: WorkerProgram.Exit.failure)
                == "the model could not be written: rename failed: Is a directory (21)")
    }

    @Test func refusesTheTaskOfAServerOfAnotherBuild() async throws {
        // As a child, behind a server that takes its program for another build.
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let own = service.backend.worker
        let hooks = TrainingHooks(files: service.backend.files, threads: 1, memory: nil, build: "00")
        let pool = WorkerPool(
            store: service.backend.jobs,
            executable: { own.command(behind: Launcher()) },
            logDirectory: service.backend.directory.logs,
            hooks: hooks.hooks,
            logger: .quiet
        )
        let running = Task { try await pool.run() }
        let body = #"{"dataset": "\#(dataset)", "model": "emo", \#(Self.small)}"#
        let id = try #require(try await service.post("/v1/jobs", body).json["id"].text)
        let record = try await service.job(id) { $0.state.isOver }
        #expect(own.build != nil)
        #expect(
            record.error
                == "the worker is of another build than the server, which has to be started again after an update")
        #expect(try service.files(in: "work").isEmpty)
        running.cancel()
        try await running.value
    }

    @Test func leavesNothingOfAJobThatIsCancelled() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let pool = Task { try await service.backend.makePool().run() }
        let body = Self.small.replacingOccurrences(of: #""epochs": 3"#, with: #""epochs": 100000"#)
        let reply = try await service.post("/v1/jobs", #"{"dataset": "\#(dataset)", "model": "emo", \#(body)}"#)
        let id = try #require(try reply.json["id"].text)
        _ = try await service.job(id) { ($0.progress?.step ?? 0) > 0 }
        #expect(try !service.files(in: "work").isEmpty)
        _ = try await service.post("/v1/jobs/\(id)/cancel", "")
        _ = try await service.job(id) { $0.state == .cancelled }
        #expect(try service.files(in: "work").isEmpty)
        #expect(try await service.delete("/v1/jobs/\(id)").status == 204)
        #expect(try await service.backend.files.pending.all().isEmpty)
        pool.cancel()
        try await pool.value
    }

    @Test func stopsAtTheNextStep() async throws {
        let service = try TestService.make()
        let task = try await Self.task(in: service)
        let stop = StopFlag()
        let steps = Atomic(0)
        let output = MessageOutput(interval: .zero) { data in
            guard String(decoding: data, as: UTF8.self).contains(#""type":"progress""#) else { return }
            steps.wrappingAdd(1, ordering: .relaxed)
            stop.raise()
        }
        #expect(WorkerProgram.run(task, stop: stop, output: output) == WorkerProgram.Exit.stopped)
        #expect(steps.load(ordering: .relaxed) == 1)
        #expect(!FileManager.default.fileExists(atPath: task.output + "/" + ModelDirectory.weightsName))
    }

    @Test func gathersMessages() throws {
        var now = ContinuousClock.now
        var written: [String] = []
        let output = MessageOutput(interval: .seconds(1), clock: { now }) {
            written.append(String(decoding: $0, as: UTF8.self))
        }
        for step in 1...3 { try output.send(.progress(JobProgress(step: step, steps: 9, epoch: 0, epochs: 1))) }
        #expect(written.count == 1)
        now += .seconds(1)
        try output.send(.metric(name: "loss", step: 4, value: 1))
        #expect(written.count == 2 && written[1].contains("loss") && written[1].contains(#""step":3"#))
        try output.flush()
        #expect(written.count == 2)
    }

    @Test func makesAModelOfAJob() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let pool = Task { try await service.backend.makePool().run() }
        let body = #"{"dataset": "\#(dataset)", "model": "emo", \#(Self.small)}"#
        let id = try #require(try await service.post("/v1/jobs", body).json["id"].text)
        let record = try await service.job(id) { $0.state.isOver }
        #expect(record.state == .succeeded, "\(record.error ?? "")")

        let job = try await service.get("/v1/jobs/\(id)").json
        #expect(job["model_version"]["version"] == .integer(1))
        #expect(job["progress"]["step"] == .integer(9) && job["progress"]["epoch"] == .integer(3))
        #expect(job["attempts"][0]["outcome"].text == "succeeded")
        #expect(job["result"]["validation"]["micro_f1"].double != nil)
        let metrics = try await service.get("/v1/jobs/\(id)/metrics?names=loss_recognition&max_points=4").json
        #expect(metrics["data"][0]["steps"].elements.count == 4)
        let version = try await service.get("/v1/models/emo/versions/1").json
        #expect(version["job"].text == id && version["metrics"]["test"]["micro_f1"].double != nil)
        #expect(version["selected_by"].text == "valid_micro_f1")
        for split in ["valid", "test"] {
            let metrics = version["metrics"]
            #expect(metrics[split]["counting"]["labels_never_occurring"] == .array([]))
            for rule in ["0.5", "tuned"] {
                let figures = metrics["\(split)_by_threshold"][rule]
                #expect(figures["accuracy"].double != nil && figures["accuracy_empty_union_1"].double != nil)
                #expect(figures["counting"]["thresholds"]["values"].elements.count == 3)
            }
        }
        #expect(try service.files(in: "work").isEmpty)

        let clip = #"{"clips": [{"text": [[1, 2, 3, 4, 5, 6]]}], "threshold": "tuned"}"#
        let prediction = try await service.post("/v1/models/emo/predict", clip)
        #expect(prediction.status == 200)
        #expect(try prediction.json["model"]["digest"] == version["digest"])
        try expectProblem(await service.post("/v1/jobs/\(id)/cancel", ""), 409, "job_over")

        try await service.backend.files.sweep()
        #expect(try await service.get("/v1/models/emo/versions/1/weights").status == 200)
        #expect(try service.files(in: "datasets").count == 7)
        pool.cancel()
        try await pool.value
    }

    @Test func keepsTheModelThatTheSameAttemptLeftBeforeTheDatabaseWasRestored() async throws {
        let service = try TestService.make()
        let dataset = try await service.makeSyntheticDataset()
        let body = #"{"dataset": "\#(dataset)", "model": "emo", \#(Self.small)}"#
        let id = try #require(try await service.post("/v1/jobs", body).json["id"].text)
        let earlier = "models/emo/\(id)-1"
        try FileManager.default.createDirectory(
            at: service.backend.directory.url(earlier), withIntermediateDirectories: true)
        try Data("precious".utf8).write(to: service.backend.directory.url("\(earlier)/weights.safetensors"))
        let pool = Task { try await service.backend.makePool().run() }
        let record = try await service.job(id) { $0.state.isOver }
        #expect(record.state == .succeeded, "\(record.error ?? "")")
        pool.cancel()
        try await pool.value
        let kept = try Data(contentsOf: service.backend.directory.url("\(earlier)/weights.safetensors"))
        #expect(kept == Data("precious".utf8))
    }

    @Test func failsOnlyTheJobWhoseWorkerDies() async throws {
        let service = try TestService.make { $0.launcher = ["sh", "-c", "kill -9 $$"] }
        let dataset = try await service.makeSyntheticDataset()
        let pool = Task { try await service.backend.makePool().run() }
        let body = #"{"dataset": "\#(dataset)", "model": "emo", "max_attempts": 2, \#(Self.small)}"#
        let id = try #require(try await service.post("/v1/jobs", body).json["id"].text)
        let record = try await service.job(id) { $0.state.isOver }
        #expect(record.state == .failed)
        let job = try await service.get("/v1/jobs/\(id)").json
        #expect(job["error"].text?.contains("SIGKILL") == true)
        #expect(job["attempts"].elements.count == 2)
        pool.cancel()
        try await pool.value
    }

    @Test func endsAWorkerThatSaysNothing() async throws {
        let service = try TestService.make {
            $0.launcher = ["sh", "-c", "echo so far; cat > /dev/null"]
            $0.stallLimit = .milliseconds(100)
        }
        let dataset = try await service.makeSyntheticDataset()
        let pool = Task { try await service.backend.makePool().run() }
        let body = #"{"dataset": "\#(dataset)", "model": "emo", \#(Self.small)}"#
        let id = try #require(try await service.post("/v1/jobs", body).json["id"].text)
        let record = try await service.job(id) { $0.state.isOver }
        #expect(record.error == "the worker gave no sign of life for 0.1 s")
        pool.cancel()
        try await pool.value
    }

    static func task(in service: TestService) async throws -> TrainingTask {
        let record = try #require(try await service.backend.datasets.get(service.makeSyntheticDataset()))
        let schema = try DatasetSchema(record)
        var hyperparameters = Hyperparameters()
        hyperparameters.modelWidth = 8
        hyperparameters.heads = 2
        hyperparameters.feedForward = 16
        hyperparameters.unimodalBlocks = 1
        hyperparameters.multimodalBlocks = 1
        hyperparameters.batchSize = 16
        hyperparameters.epochs = 3
        let splits = try record.splits.compactMap { split in
            try DatasetDirectory.Split(rawValue: split.name).map {
                let path = service.backend.directory.path(split.path)
                let contentDigest = try split.contents.contentDigest
                return ($0, TrainingTask.SplitFile(path: path, digest: split.digest, contentDigest: contentDigest))
            }
        }
        return TrainingTask(
            build: nil,
            splits: Dictionary(uniqueKeysWithValues: splits),
            labels: try #require(schema.labels),
            modalities: try #require(schema.modalities),
            hyperparameters: hyperparameters,
            seed: 1,
            output: service.backend.directory.path("work/model"),
            threads: 1
        )
    }

    /// Has a split hold `bytes`, as if they had been uploaded to a server that does not pack them.
    private static func replace(_ split: String, of task: inout TrainingTask, by bytes: Data) throws {
        let path = try #require(task.splits[split]).path
        try bytes.write(to: URL(filePath: path))
        task.splits[split]?.digest = try SHA256.digest(ofFile: path)
        task.splits[split]?.contentDigest = nil
    }

    /// Where the tensors of a packed file lie.
    private static func tensors(of url: URL) throws -> [String: Range<Int>] {
        try SafetensorsFile(path: url.path).tensors.mapValues(\.range)
    }

    /// What a task that cannot be done says of it.
    private static func failure(of task: TrainingTask, code: Int32) throws -> String {
        let (end, messages) = run(task)
        #expect(end == code)
        let message = messages.compactMap { if case .failure(let message) = $0 { message } else { nil } }.last
        return try #require(message)
    }

    static func run(_ task: TrainingTask) -> (code: Int32, messages: [WorkerMessage]) {
        var reader = MessageReader()
        var messages: [WorkerMessage] = []
        let output = MessageOutput { data in
            for case .message(let message) in reader.read(data) { messages.append(message) }
        }
        return (WorkerProgram.run(task, stop: StopFlag(), output: output), messages)
    }
}
