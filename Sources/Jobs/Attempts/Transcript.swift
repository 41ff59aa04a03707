import Foundation
import JSON

/// What a child has said so far, on both of its streams.
actor Transcript {
    /// How many unreadable lines of an attempt become events; more are only counted.
    private static let maxUnreadableEvents = 10
    /// How much of what a child says of its failure is kept, in characters.
    private static let maxFailureLength = 2000

    private var reader = MessageReader()
    private let log: WorkerLog
    private var hasLog = false
    private var unreadableLines = 0
    private(set) var result: Data?
    private var failure: String?

    init(log: WorkerLog) {
        self.log = log
    }

    /// Takes bytes of standard output, and returns what they tell the store.
    func output(_ bytes: [UInt8]) -> AttemptReport {
        report(reader.read(bytes))
    }

    /// Takes bytes of standard error.
    func error(_ bytes: [UInt8]) async {
        hasLog = true
        await log.append(bytes)
    }

    /// Standard output has ended.
    func finish() -> AttemptReport {
        report(reader.finish().map { [$0] } ?? [])
    }

    /// Why an attempt that ended like this has failed. What it said on standard error, which may name files and types, stays
    /// in the log.
    func describe(_ exit: WorkerExit) -> String {
        if let failure {
            return failure
        }
        let hint = hasLog ? "; the log of the job may say why" : ""
        return (exit == .exited(0) ? "the worker ended without a result" : exit.description) + hint
    }

    private func report(_ lines: [MessageReader.Line]) -> AttemptReport {
        var report = AttemptReport()
        for line in lines {
            switch line {
            case .message(.progress(let progress)):
                report.progress = progress
            case .message(.metric(let name, let step, let value)):
                report.metrics.append(.init(name: name, step: step, value: value))
            case .message(.event(let number, let kind, let document)):
                report.events.append(.init(number: number, kind: kind, document: document))
            case .message(.checkpoint(let checkpoint)):
                report.checkpoints.append(checkpoint)
            case .message(.heartbeat):
                break
            case .message(.result(let document)):
                result = document
            case .message(.failure(let message)):
                failure = String(message.prefix(Self.maxFailureLength))
            case .unreadable(let reason, let excerpt):
                unreadableLines += 1
                if unreadableLines <= Self.maxUnreadableEvents {
                    report.events.append(.unreadable(reason: reason, excerpt: excerpt))
                }
            }
        }
        return report
    }
}

extension AttemptReport.Event {
    /// Something a child wrote that is not a message.
    static func unreadable(reason: String, excerpt: String) -> Self {
        let document: [String: JSONValue] = ["reason": .string(reason), "line": .string(excerpt)]
        guard let encoded = try? JSONEncoder().encode(document) else {
            preconditionFailure("two strings cannot be encoded")
        }
        return Self(kind: "unreadable_output", document: encoded)
    }
}
