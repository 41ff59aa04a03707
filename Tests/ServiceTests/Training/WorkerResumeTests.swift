import Emotion
import Foundation
import Jobs
import JSON
import Platform
import Synchronization
import Testing

@testable import Service

/// Workers that die or are stopped, and what the next attempt makes of it.
struct WorkerResumeTests {
    private let service: TestService
    private let task: TrainingTask
    private let executable: String

    init() async throws {
        service = try TestService.make()
        executable = ServiceConfiguration.make(service.directory).workerExecutable
        var task = try await TrainingTests.task(in: service)
        let directory = service.backend.directory.path("work/checkpoints")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        task.build = service.backend.worker.build
        task.checkpoints = .init(directory: directory, everySteps: 2, everySeconds: 600)
        task.earlyStopping = .init(metric: .microF1, patience: 2)
        self.task = task
    }

    /// What the training is when nothing happens to it, and the digest of its weights.
    private func whole(_ change: (inout TrainingTask) -> Void = { _ in }) throws -> (RecordedTraining, weights: String)
    {
        var task = task
        task.checkpoints = nil
        task.output += "-whole"
        change(&task)
        let (code, messages) = TrainingTests.run(task)
        #expect(code == WorkerProgram.Exit.success)
        var recorded = RecordedTraining()
        try recorded.take(messages, of: task)
        return (recorded, try Self.weights(of: task))
    }

    private static func weights(of task: TrainingTask) throws -> String {
        try SHA256.digest(ofFile: "\(task.output)/\(ModelDirectory.weightsName)")
    }

    @Test(arguments: [
        "step:1", "step:5", "step:9", "before-checkpoint:2", "during-checkpoint:1", "during-checkpoint:3",
        "after-checkpoint-file:2", "after-checkpoint:4", "before-result", "after-result",
    ])
    func goesOnAfterItWasKilled(fault: String) throws {
        let (expected, weights) = try whole()
        var recorded = RecordedTraining()
        let killed = try WorkerChild(task, executable: executable, fault: fault)
        #expect(killed.end() == -SIGKILL)
        try recorded.take(killed.messages, of: task)
        #expect((recorded.result != nil) == (fault == "after-result"))

        var next = task
        next.resume = recorded.checkpoints
        next.threads = 2
        let child = try WorkerChild(next, executable: executable)
        #expect(child.end() == WorkerProgram.Exit.success)
        try recorded.take(child.messages, of: next)
        #expect(recorded.agrees(with: expected))
        #expect(try Self.weights(of: next) == weights)
        #expect(recorded.attemptEvents.count == (next.resume.isEmpty ? 0 : 1))
    }

    @Test func aChainOfDeathsComesToTheSameEnd() throws {
        let (expected, weights) = try whole()
        var recorded = RecordedTraining()
        var next = task
        // Every attempt makes two more steps before it dies.
        var attempts = 0
        while recorded.result == nil, attempts < 20 {
            attempts += 1
            let child = try WorkerChild(next, executable: executable, fault: "after-checkpoint:1")
            let code = child.end()
            #expect(code == -SIGKILL || code == WorkerProgram.Exit.success)
            try recorded.take(child.messages, of: next)
            next.resume = recorded.checkpoints
        }
        #expect(attempts == 5)
        #expect(recorded.agrees(with: expected))
        #expect(try Self.weights(of: next) == weights)
    }

    @Test(arguments: [true, false])
    func savesItsStateWhenItIsStopped(bySignal: Bool) throws {
        var task = task
        task.hyperparameters.epochs = 30
        task.checkpoints?.everySteps = nil
        task.earlyStopping = nil
        let (expected, weights) = try whole { whole in
            (whole.hyperparameters, whole.earlyStopping) = (task.hyperparameters, task.earlyStopping)
        }
        let child = try WorkerChild(task, executable: executable)
        child.read { if case .progress = $0 { true } else { false } }
        if bySignal { child.terminate() } else { try child.closeInput() }
        #expect(child.end() == WorkerProgram.Exit.stopped)
        guard case .checkpoint(let checkpoint) = child.messages.last else {
            return #expect(Bool(false), "the last word is not a checkpoint")
        }
        // All that came before it was told before it.
        let steps = child.messages.compactMap {
            if case .metric("loss_recognition", let step, _) = $0 { step } else { nil }
        }
        #expect(steps == Array(1...checkpoint.step))
        var recorded = RecordedTraining()
        try recorded.take(child.messages, of: task)
        task.resume = recorded.checkpoints
        let next = try WorkerChild(task, executable: executable)
        #expect(next.end() == WorkerProgram.Exit.success)
        try recorded.take(next.messages, of: task)
        #expect(recorded.agrees(with: expected))
        #expect(try Self.weights(of: task) == weights)
        #expect(
            recorded.attemptEvents == [#"resumed {"epoch":\#(checkpoint.epoch),"step":\#(checkpoint.step)}"#])
    }

    /// Runs a task in this process until a step is told, and returns what it said.
    private func run(_ task: TrainingTask, stopAt step: Int) -> (code: Int32, messages: [WorkerMessage]) {
        let stop = StopFlag()
        var reader = MessageReader()
        var messages: [WorkerMessage] = []
        let output = MessageOutput(interval: .zero) { data in
            for case .message(let message) in reader.read(data) {
                messages.append(message)
                if case .progress(let progress) = message, progress.step == step { stop.raise() }
            }
        }
        return (WorkerProgram.run(task, stop: stop, output: output), messages)
    }

    @Test func takesTheFirstCheckpointThatIsWhole() throws {
        let (expected, weights) = try whole()
        var recorded = RecordedTraining()
        let (code, messages) = run(task, stopAt: 7)
        #expect(code == WorkerProgram.Exit.stopped)
        try recorded.take(messages, of: task)
        #expect(recorded.checkpoints.count == 4)
        let urls = recorded.checkpoints.map { URL(filePath: $0.path) }
        #expect(urls.map(\.lastPathComponent) == [7, 6, 4, 2].map { "checkpoint-\($0).safetensors" })
        try Data(contentsOf: urls[0]).dropLast().write(to: urls[0])
        try FileManager.default.removeItem(at: urls[1])
        var next = task
        next.resume = recorded.checkpoints
        let (end, rest) = TrainingTests.run(next)
        #expect(end == WorkerProgram.Exit.success)
        try recorded.take(rest, of: next)
        #expect(recorded.agrees(with: expected))
        #expect(try Self.weights(of: next) == weights)
        #expect(
            recorded.attemptEvents == [
                #"checkpoint_rejected {"reason":"is damaged: it is not what was written","step":7}"#,
                #"checkpoint_rejected {"reason":"cannot be read: No such file or directory","step":6}"#,
                #"resumed {"epoch":1,"step":4}"#,
            ])
    }

    @Test func beginsAnewWithoutACheckpointOfItsOwn() throws {
        let (_, messages) = run(task, stopAt: 2)
        var recorded = RecordedTraining()
        try recorded.take(messages, of: task)
        var other = task
        other.seed = 7
        other.resume = recorded.checkpoints
        let (expected, weights) = try whole { $0.seed = 7 }
        let (code, rest) = TrainingTests.run(other)
        #expect(code == WorkerProgram.Exit.success)
        recorded = RecordedTraining()
        try recorded.take(rest, of: other)
        #expect(recorded.agrees(with: expected))
        #expect(try Self.weights(of: other) == weights)
        #expect(
            recorded.attemptEvents == [
                #"checkpoint_rejected {"reason":"is of another training: the seed is 1 instead of 7","step":2}"#
            ])
    }

    @Test func refusesACheckpointOfOtherData() throws {
        let (_, messages) = run(task, stopAt: 1)
        var recorded = RecordedTraining()
        try recorded.take(messages, of: task)
        var other = task
        other.resume = recorded.checkpoints
        other.splits["train"] = task.splits["test"]
        let (code, rest) = TrainingTests.run(other)
        #expect(code == WorkerProgram.Exit.success)
        recorded = RecordedTraining()
        try recorded.take(rest, of: other)
        #expect(
            recorded.attemptEvents == [
                #"checkpoint_rejected {"reason":"is of another training: the clips are others","step":1}"#
            ])
    }

    @Test func aCheckpointThatCannotBeSavedEndsNothing() throws {
        var task = task
        task.checkpoints?.directory = "/proc/nowhere"
        let (code, messages) = TrainingTests.run(task)
        #expect(code == WorkerProgram.Exit.success)
        var recorded = RecordedTraining()
        try recorded.take(messages, of: task)
        #expect(recorded.checkpoints.isEmpty && recorded.attemptEvents.count == 4)
        #expect(recorded.attemptEvents[0].hasPrefix(#"checkpoint_failed {"reason":"#))
        #expect(!recorded.attemptEvents[0].contains("nowhere"))
    }

    @Test func aResumedTrainingShowsItsProgressAtOnce() throws {
        let (_, messages) = run(task, stopAt: 4)
        var recorded = RecordedTraining()
        try recorded.take(messages, of: task)
        var next = task
        next.resume = recorded.checkpoints
        let (_, rest) = run(next, stopAt: 4)
        let progress = rest.compactMap { if case .progress(let progress) = $0 { progress } else { nil } }
        #expect(progress.first?.step == 4 && progress.first?.steps == 9)
        #expect(progress.first?.epoch == 1 && progress.first?.epochs == 3)
    }
}
