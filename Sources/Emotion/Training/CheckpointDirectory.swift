import Engine
import Foundation
import JSON
import Platform

/// The newest states of one training on the disk, for commands that go on where they were stopped.
///
/// A checkpoint is a file `checkpoint-<step>.safetensors` and, written after it, `checkpoint-<step>.json` with its digest.
/// Without the second the first does not count, so that a crash at any moment leaves the checkpoints before it.
package struct CheckpointDirectory {
    package let path: String
    private let training: Training
    private let keep: Int
    private let policy: CheckpointPolicy
    private var schedule: CheckpointSchedule

    /// What `checkpoint-<step>.json` holds.
    private struct Record: Codable {
        let step: Int
        let digest: String
    }

    /// - Parameters:
    ///   - path: is made with the first checkpoint.
    ///   - keep: checkpoints that are kept, at least 1.
    package init(path: String, of training: Training, policy: CheckpointPolicy, keep: Int = 3) {
        precondition(keep > 0, "a checkpoint is kept at least until there is a newer one")
        self.path = path
        self.training = training
        self.policy = policy
        self.keep = keep
        schedule = CheckpointSchedule(policy, from: 0)
    }

    /// The name of the file of a step.
    package static func name(step: Int) -> String { "\(prefix)\(step).safetensors" }

    private static let prefix = "checkpoint-"

    /// The newest state that is whole, nil when there is none.
    ///
    /// - Parameter skipped: is told of those that are not.
    /// - Throws: ``TrainingStateError`` when one is of another training.
    package mutating func newest(skipped: (TrainingStateError) -> Void) throws -> TrainingState? {
        for step in Self.steps(in: path) {
            let file = file(Self.name(step: step))
            do {
                guard let record = try? JSONReader.decode(Record.self, from: Data(contentsOf: url(recordOf: step))),
                    record.step == step
                else { throw TrainingStateError(.unreadable, file: file, "has no record that can be read") }
                let state = try training.state(at: file, digest: record.digest)
                schedule = CheckpointSchedule(policy, from: state.steps)
                return state
            } catch let error as TrainingStateError where error.kind == .unreadable {
                skipped(error)
            }
        }
        return nil
    }

    /// Saves the state when that is due.
    ///
    /// - Parameters:
    ///   - notes: what to keep with it.
    ///   - stop: why the training ends here, nil when it goes on.
    ///   - warn: is told that the state could not be saved. That does not end a training.
    /// - Throws: `stop`, after the state was saved.
    package mutating func offer(
        _ state: TrainingState, notes: () throws -> String?, stop: (any Error)?, warn: (String) -> Void
    ) throws {
        if schedule.isDue(at: state.steps, stopping: stop != nil) {
            var state = state
            state.notes = try notes()
            do { try save(state) } catch { warn("the state of the training could not be saved: \(error)") }
            schedule.tried(at: state.steps)
        }
        if let stop { throw stop }
    }

    private func save(_ state: TrainingState) throws {
        try Files.makeFolder(path)
        // Of a damaged one of the same step that was passed over.
        try? FileManager.default.removeItem(at: url(recordOf: state.steps))
        let written = try state.write(to: file(Self.name(step: state.steps)), of: training)
        let record = Record(step: state.steps, digest: written.digest)
        try WholeFile.write(JSONEncoder().encode(record), to: url(recordOf: state.steps).path)
        try removeOld(newest: state.steps)
    }

    /// Whether there is a checkpoint at `path`, whole or not.
    package static func holdsCheckpoints(_ path: String) -> Bool { !steps(in: path).isEmpty }

    /// Removes the directory with all that is in it.
    package static func remove(_ path: String) throws {
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    /// Steps that a record is there of, from the last to the first.
    private static func steps(in path: String) -> [Int] {
        names(in: path).filter { $0.hasSuffix(".json") }.compactMap(step(of:)).sorted(by: >)
    }

    private static func names(in path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    /// The step that the name of a file is of; nil when it is not that of a checkpoint.
    package static func step(of name: String) -> Int? {
        guard name.hasPrefix(prefix) else { return nil }
        return Int(name.dropFirst(prefix.count).prefix { $0 != "." })
    }

    /// Removes what is older than the checkpoints to keep, and what a crash has left. Those of steps to come were damaged,
    /// or another run would have gone on from them.
    private func removeOld(newest: Int) throws {
        let kept = Self.steps(in: path).filter { $0 <= newest }.prefix(keep)
        for name in Self.names(in: path) {
            guard let step = Self.step(of: name) else { continue }
            let isTemporary = name.hasSuffix(WholeFile.temporarySuffix)
            if isTemporary || !kept.contains(step) { try FileManager.default.removeItem(atPath: file(name)) }
        }
    }

    private func file(_ name: String) -> String { "\(path)/\(name)" }

    private func url(recordOf step: Int) -> URL { URL(filePath: file("\(Self.prefix)\(step).json")) }
}
