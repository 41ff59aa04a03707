import Emotion
import Foundation
import Jobs
import JSON
import Platform

@testable import Service

/// `limbic worker` as a child process, its messages, and what a server would make of them.
final class WorkerChild {
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())
    private var reader = MessageReader()
    private(set) var messages: [WorkerMessage] = []

    init(_ task: TrainingTask, executable: String, fault: String? = nil) throws {
        process.executableURL = URL(filePath: executable)
        process.arguments = ["worker"]
        process.environment = ProcessInfo.processInfo.environment.merging([Fault.variable: fault ?? ""]) { $1 }
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, FileHandle.nullDevice)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: task.line() + Data("\n".utf8))
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Reads messages until one is as wanted, or to the end of the output.
    func read(until condition: (WorkerMessage) -> Bool = { _ in false }) {
        while case let bytes = output.fileHandleForReading.availableData, !bytes.isEmpty {
            let new = reader.read(bytes).compactMap { if case .message(let message) = $0 { message } else { nil } }
            messages += new
            if new.contains(where: condition) { return }
        }
    }

    /// The server is gone.
    func closeInput() throws { try input.fileHandleForWriting.close() }

    func terminate() { process.terminate() }

    /// The exit code, or minus the signal that ended it.
    func end() -> Int32 {
        read()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}

/// What a server knows of a training after some attempts: events by their numbers, metrics by name and step, checkpoints.
struct RecordedTraining {
    private(set) var events: [Int: String] = [:]
    private(set) var metrics: [String: Double] = [:]
    /// The newest first.
    private(set) var checkpoints: [TrainingTask.CheckpointFile] = []
    private(set) var attemptEvents: [String] = []
    private(set) var result: JSONValue?
    /// Whether what was told under one number was the same each time.
    private(set) var isConsistent = true

    /// Takes what an attempt said.
    mutating func take(_ messages: [WorkerMessage], of task: TrainingTask) throws {
        for message in messages {
            switch message {
            case .event(let number?, let kind, let document):
                let text = "\(kind) \(String(decoding: document, as: UTF8.self))"
                if let known = events.updateValue(text, forKey: number), known != text { isConsistent = false }
            case .event(nil, let kind, let document):
                attemptEvents.append("\(kind) \(String(decoding: document, as: UTF8.self))")
            case .metric("clips_per_second", _, _): break
            case .metric(let name, let step, let value):
                if let known = metrics.updateValue(value, forKey: "\(name) \(step)"), known != value {
                    isConsistent = false
                }
            case .checkpoint(let checkpoint):
                let path = "\(task.checkpoints?.directory ?? "")/\(checkpoint.name)"
                checkpoints.insert(.init(path: path, digest: checkpoint.digest), at: 0)
            case .result(let document):
                var result = try JSONReader.decode([String: JSONValue].self, from: document)
                result["seconds"] = nil
                self.result = .object(result)
            case .progress, .heartbeat, .failure: break
            }
        }
    }

    /// The same training as another server knows it.
    func agrees(with other: RecordedTraining) -> Bool {
        isConsistent && events == other.events && metrics == other.metrics && result != nil && result == other.result
    }
}
