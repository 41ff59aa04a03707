import Emotion
import Engine
import Foundation
import Jobs
import Platform

/// The checkpoints of a worker's training: those it may go on from, and those it makes and announces.
struct WorkerCheckpoints {
    private let task: TrainingTask
    private let training: Training
    private let output: MessageOutput
    private let fault: Fault
    private var schedule: CheckpointSchedule

    init(_ task: TrainingTask, _ training: Training, output: MessageOutput, fault: Fault) {
        self.task = task
        self.training = training
        self.output = output
        self.fault = fault
        schedule = CheckpointSchedule(Self.policy(task), from: 0)
    }

    /// The first state the task names that is whole and of this training; nil when there is none. What the matter is with
    /// those before it is told as events.
    mutating func newest(telling report: TrainingReport) throws -> TrainingState? {
        for file in task.resume {
            do {
                let state = try training.state(at: file.path, digest: file.digest)
                schedule = CheckpointSchedule(Self.policy(task), from: state.steps)
                return state
            } catch let error as TrainingStateError {
                let name = URL(filePath: file.path).lastPathComponent
                let step = CheckpointDirectory.step(of: name)
                try report.tellOfAttempt("checkpoint_rejected", Problem(step: step, reason: error.reason))
            }
        }
        return nil
    }

    /// Saves the state when that is due, and announces it. That it cannot be saved is told, and does not end the training.
    mutating func offer(_ state: TrainingState) throws {
        guard let directory = task.checkpoints?.directory, schedule.isDue(at: state.steps, stopping: false) else {
            return
        }
        try save(state, in: directory)
    }

    /// Saves the last state before the end of the attempt, unless it was saved already. Nobody may be left to be told.
    mutating func save(beforeStop state: TrainingState) {
        guard let directory = task.checkpoints?.directory, schedule.isDue(at: state.steps, stopping: true) else {
            return
        }
        try? save(state, in: directory)
    }

    private mutating func save(_ state: TrainingState, in directory: String) throws {
        fault.pass(.beforeCheckpoint)
        let name = CheckpointDirectory.name(step: state.steps)
        let written: TrainingState.Written
        do {
            var pieces = 0
            written = try state.write(to: "\(directory)/\(name)", of: training) {
                pieces += 1
                // The header and the first tensor are there.
                if pieces == 2 { fault.pass(.duringCheckpoint) }
            }
        } catch let error as SafetensorsError {
            schedule.tried(at: state.steps)
            let problem = Problem(step: state.steps, reason: error.reason)
            return try output.send(
                .event(number: nil, kind: "checkpoint_failed", document: JSONEncoder().encode(problem)))
        }
        fault.pass(.afterCheckpointFile)
        schedule.tried(at: state.steps)
        try output.sendNow(
            .checkpoint(
                .init(
                    name: name,
                    step: state.steps,
                    epoch: state.epoch,
                    digest: written.digest,
                    byteCount: written.byteCount,
                    document: JSONEncoder().encode(CheckpointSummary(state))
                )
            )
        )
        fault.pass(.afterCheckpoint)
    }

    private static func policy(_ task: TrainingTask) -> CheckpointPolicy {
        CheckpointPolicy(everySteps: task.checkpoints?.everySteps, everySeconds: task.checkpoints?.everySeconds)
    }

    /// Why a checkpoint cannot be used, or made.
    private struct Problem: Encodable {
        let step: Int?
        let reason: String
    }
}
