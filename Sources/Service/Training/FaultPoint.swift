import Foundation
import Synchronization

/// A place where a worker may be made to die, for tests of what a crash leaves behind.
enum FaultPoint: String, CaseIterable {
    /// A step was told.
    case step
    /// A checkpoint is about to be written.
    case beforeCheckpoint = "before-checkpoint"
    /// A part of it is in a file that does not have its name yet.
    case duringCheckpoint = "during-checkpoint"
    /// It is on the disk and was not announced.
    case afterCheckpointFile = "after-checkpoint-file"
    /// It was announced.
    case afterCheckpoint = "after-checkpoint"
    /// The model is on the disk and the result was not sent.
    case beforeResult = "before-result"
    /// The result was sent.
    case afterResult = "after-result"
}

/// The point at which this worker dies of SIGKILL: `LIMBIC_FAULT=<point>[:n]`, when it passes the point for the n-th time.
final class Fault: Sendable {
    static let variable = "LIMBIC_FAULT"
    /// Never dies.
    static let none = Fault(nil)

    private let point: FaultPoint?
    private let passings: Int
    private let passed = Atomic(0)

    /// - Parameter text: `step:3`; nil, or what cannot be read, for no point.
    init(_ text: String?) {
        let words = text?.split(separator: ":", maxSplits: 1) ?? []
        point = words.first.flatMap { FaultPoint(rawValue: String($0)) }
        passings = words.count > 1 ? Int(words[1]) ?? 1 : 1
    }

    func pass(_ point: FaultPoint) {
        guard point == self.point else { return }
        if passed.wrappingAdd(1, ordering: .relaxed).newValue == passings { kill(getpid(), SIGKILL) }
    }
}
