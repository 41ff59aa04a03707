import Engine
import Foundation
import TestSupport
import Testing

@testable import Emotion

@Suite("Checkpoint directory")
struct CheckpointDirectoryTests {
    private struct Stopped: Error {}

    private let run: ResumableTraining
    private let path: String

    init() throws {
        run = try ResumableTraining(.make { ($0.epochs, $0.warmupSteps) = (3, 2) })
        path = run.scratch.file("checkpoints")
    }

    private func directory(keep: Int = 3, every steps: Int? = 1) -> CheckpointDirectory {
        CheckpointDirectory(path: path, of: run.training, policy: .init(everySteps: steps), keep: keep)
    }

    /// Trains on from what is there, and stops after a step where it is given.
    @discardableResult
    private func train(
        _ directory: CheckpointDirectory, until last: Int? = nil, skipped: (TrainingStateError) -> Void = { _ in }
    ) throws -> [Float]? {
        var directory = directory
        let state = try directory.newest(skipped: skipped)
        do {
            return try run.training.run(from: state) { _ in
            } checkpoint: { state in
                let stop: Stopped? = state.steps == last ? Stopped() : nil
                try directory.offer(state, notes: { nil }, stop: stop) { Issue.record("\($0)") }
            }.parameters.values
        } catch is Stopped {
            return nil
        }
    }

    private func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

    private static func names(_ steps: Int...) -> [String] {
        steps.flatMap { ["checkpoint-\($0).json", "checkpoint-\($0).safetensors"] }
    }

    @Test("the newest are kept, and nothing that a crash has left")
    func keeps() throws {
        let expected = try train(directory(), until: nil)
        #expect(try files() == Self.names(7, 8, 9))
        try CheckpointDirectory.remove(path)
        try train(directory(), until: 5)
        #expect(try files() == Self.names(3, 4, 5))
        // A temporary file, a file without its record and one of somebody else.
        for name in ["checkpoint-6.safetensors.ab12.partial", "checkpoint-6.safetensors", "notes.txt"] {
            try Data("half".utf8).write(to: URL(filePath: "\(path)/\(name)"))
        }
        #expect(try train(directory(keep: 1), until: 7) == nil)
        #expect(try files() == Self.names(7) + ["notes.txt"])
        #expect(try train(directory()) == expected)
        try CheckpointDirectory.remove(path)
        #expect(!CheckpointDirectory.holdsCheckpoints(path))
    }

    @Test("of damaged checkpoints the one before is taken, and without any it begins anew")
    func fallsBack() throws {
        let expected = try train(directory())
        try CheckpointDirectory.remove(path)
        try train(directory(), until: 4)
        let files = ["checkpoint-4.safetensors", "checkpoint-3.json", "checkpoint-2.safetensors"]
        var found: [String] = []
        for damaged in 0...files.count {
            var directory = directory()
            var skipped = 0
            let state = try directory.newest { error in
                #expect(error.kind == .unreadable)
                skipped += 1
            }
            #expect(skipped == damaged && state?.steps == (damaged < 3 ? 4 - damaged : nil))
            found.append(state.map { "\($0.steps)" } ?? "none")
            guard damaged < files.count else { break }
            let url = URL(filePath: "\(path)/\(files[damaged])")
            try Data(contentsOf: url).dropLast(7).write(to: url)
        }
        #expect(found == ["4", "3", "2", "none"])
        // Over the damaged ones, whose names are the same.
        #expect(try train(directory()) == expected)
        #expect(try self.files() == Self.names(7, 8, 9))
    }

    @Test("a checkpoint of another training is an error")
    func otherTraining() throws {
        try train(directory(), until: 1)
        let other = try ResumableTraining(.make { $0.epochs = 4 })
        var directory = CheckpointDirectory(path: path, of: other.training, policy: .init())
        let error = #expect(throws: TrainingStateError.self) { try directory.newest { _ in } }
        #expect(error?.kind == .otherTraining && error?.reason.contains("epochs is 3 instead of 4") == true)
    }

    @Test("a stop saves what was not saved, and a state that cannot be saved ends nothing")
    func stops() throws {
        try train(directory(every: nil), until: 2)
        #expect(try files() == Self.names(2))
        try CheckpointDirectory.remove(path)
        try Data().write(to: URL(filePath: path))
        var (warnings, directory): ([String], CheckpointDirectory) = ([], directory(every: 4))
        _ = try run.training.run { _ in
        } checkpoint: {
            try directory.offer($0, notes: { nil }, stop: nil) { warnings.append($0) }
        }
        #expect(warnings.count == 2 && warnings[0].contains("could not be saved"))
    }

    @Test("a checkpoint is due by steps, by time and at the end, and never twice for a step")
    func schedule() {
        var now = ContinuousClock.now
        var schedule = CheckpointSchedule(.init(everySteps: 10, everySeconds: 60), from: 5) { now }
        #expect(!schedule.isDue(at: 5, stopping: true) && schedule.isDue(at: 6, stopping: true))
        #expect(!schedule.isDue(at: 14, stopping: false) && schedule.isDue(at: 15, stopping: false))
        now += .seconds(60)
        #expect(schedule.isDue(at: 6, stopping: false) && !schedule.isDue(at: 5, stopping: false))
        schedule.tried(at: 6)
        #expect(!schedule.isDue(at: 7, stopping: false) && !schedule.isDue(at: 6, stopping: true))
        let never = CheckpointSchedule(.init(), from: 0) { now }
        #expect(!never.isDue(at: 1_000_000, stopping: false) && never.isDue(at: 1, stopping: true))
    }
}
