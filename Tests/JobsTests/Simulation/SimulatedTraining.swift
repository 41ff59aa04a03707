import Foundation
import JSON

@testable import Jobs

/// What a simulated job does: numbers that follow from one another, so that it shows at the end whether a step was left out,
/// done twice or taken from elsewhere.
struct SimulatedTraining: Codable, Equatable {
    static let stepsPerEpoch = 3

    var seed: Int
    var steps: Int
    var checkpointEvery: Int
    /// The step after which it fails however often it is tried.
    var divergesAt: Int?

    /// Where a training is.
    struct Place: Codable, Equatable {
        var step = 0
        var hash: Int
        /// The number of the last event.
        var history = 0
    }

    var start: Place { Place(hash: seed) }

    func next(_ place: Place) -> Place {
        var next = place
        next.step += 1
        next.hash = (place.hash &* 31 &+ seed &+ next.step) & 0xFF_FFFF
        return next
    }

    /// All that an undisturbed run measures and tells.
    var course: (metrics: [Int: Double], events: [String], end: Place) {
        var (metrics, events, place) = ([Int: Double](), ["loaded \(seed)"], start)
        let last = divergesAt ?? steps
        while place.step < last {
            place = next(place)
            metrics[place.step] = Double(place.hash)
            if place.step.isMultiple(of: Self.stepsPerEpoch) { events.append("epoch \(place.hash)") }
        }
        return (metrics, events, place)
    }
}

/// What a simulated worker is told.
struct SimulatedTask: Codable {
    var job: String
    var attempt: Int
    var training: SimulatedTraining
    var resume: [Checkpoint]

    struct Checkpoint: Codable {
        var path: String
        var digest: String
    }
}

/// Files that outlive the server.
struct SimulatedDisk {
    struct Checkpoint: Equatable {
        var place: SimulatedTraining.Place
        var isIntact = true

        static func digest(_ job: String, _ step: Int) -> String { "sha256:\(job)-\(step)" }
    }

    /// By path.
    var checkpoints: [String: Checkpoint] = [:]
    /// The end of a training, by the path of the model's folder.
    var models: [String: SimulatedTraining.Place] = [:]

    /// The folders that attempts may write to.
    var work: Set<String> = []

    mutating func remove(_ path: String) {
        work.remove(path)
        checkpoints[path] = nil
        models[path] = nil
        for inside in checkpoints.keys where inside.hasPrefix(path + "/") { checkpoints[inside] = nil }
        for inside in models.keys where inside.hasPrefix(path + "/") { models[inside] = nil }
    }

    var paths: [String] { Array(checkpoints.keys) + Array(models.keys) }
}
