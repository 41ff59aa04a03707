import Foundation
import Platform
import Testing

@testable import Jobs

/// Runs the store and the pool through everything that can happen to them, in orders that seeds make.
struct SimulationTests {
    /// `make soak` asks for more.
    private static let seeds = ProcessInfo.processInfo.environment["LIMBIC_SEEDS"].flatMap(Int.init) ?? 300
    private static let first = ProcessInfo.processInfo.environment["LIMBIC_FIRST_SEED"].flatMap(Int.init) ?? 1
    private static let turns = 400

    private let scratch: URL
    private let template: URL

    init() async throws {
        // In memory, where there is such a place: nothing here is to outlive anything.
        let memory = URL(filePath: "/dev/shm")
        let root = FileManager.default.isWritableFile(atPath: memory.path) ? memory : .temporaryDirectory
        scratch = root.appendingPathComponent("limbic-simulation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        template = scratch.appendingPathComponent("template")
        let database = try Jobs.Database(
            directory: template, migrations: Fixture.migrations,
            options: .init(makeIdentifier: { "\($0)_template" }))
        let datasets = DatasetStore(database)
        let dataset = try await datasets.create(name: "words", document: Data("{}".utf8))
        _ = try await datasets.put(.make(), in: dataset.id)
        try database.close()
    }

    private func run(_ choices: Choices) throws -> SimulatedWorld {
        let directory = scratch.appendingPathComponent(UUID().uuidString)
        let world = try SimulatedWorld(choices, template: template, directory: directory)
        world.run(turns: Self.turns)
        return world
    }

    @Test(.timeLimit(.minutes(600))) func everyOrderOfEventsKeepsThePromises() async throws {
        // On a thread of its own: other tests need those of tasks meanwhile.
        let failure = try await WorkQueue("test.simulation").run { [self] () -> String? in
            defer { try? FileManager.default.removeItem(at: scratch) }
            for seed in Self.first..<Self.first + Self.seeds {
                if let failure = try self.failure(of: UInt64(seed)) { return failure }
            }
            return nil
        }
        if let failure { Issue.record("\(failure)") }
    }

    /// What goes wrong in the run that a seed makes; nil when nothing does.
    private func failure(of seed: UInt64) throws -> String? {
        let world = try run(Choices(seed: seed))
        guard let violation = world.violations.first else { return nil }
        let shrunk = try shrink(world)
        return """
            seed \(seed): \(violation)
            shrunk to \(shrunk.choices.taken.count) choices: \(shrunk.violations.first ?? "")
            \(shrunk.schedule.joined(separator: "\n"))
            """
    }

    @Test func aSeedMakesOneRun() async throws {
        let schedules = try await WorkQueue("test.simulation").run { [self] in
            defer { try? FileManager.default.removeItem(at: scratch) }
            return try (1...5).map { (seed: UInt64) in
                let choices = Choices(seed: seed)
                let first = try run(choices).schedule
                return [
                    first, try run(Choices(seed: seed)).schedule, try run(Choices(replaying: choices.taken)).schedule,
                ]
            }
        }
        for schedule in schedules { #expect(Set(schedule).count == 1) }
    }

    /// The shortest run found that goes wrong as well: parts of the choices are left out for as long as it does.
    private func shrink(_ world: SimulatedWorld) throws -> SimulatedWorld {
        var best = world
        var size = best.choices.taken.count / 2
        var tries = 0
        while size > 0, tries < 150 {
            var start = 0
            while start < best.choices.taken.count, tries < 150 {
                tries += 1
                var numbers = best.choices.taken
                numbers.removeSubrange(start..<min(start + size, numbers.count))
                let candidate = try run(Choices(replaying: numbers))
                if !candidate.violations.isEmpty, candidate.schedule.count <= best.schedule.count {
                    best = candidate
                } else {
                    start += size
                }
            }
            size /= 2
        }
        return best
    }
}
