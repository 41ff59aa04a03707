import Foundation
import JSON

@testable import Jobs

/// Workers that are killed, taken away, stand still or say things nobody understands, whenever the simulation likes.
struct SimulatedStarter: WorkerStarter {
    let world: SimulatedWorld
    let server: SimulatedServer

    func prepare() async {}

    func run(
        _ commandLine: [String],
        gracePeriod: @escaping @Sendable () -> Duration,
        input: Data,
        stop: StopSignal,
        onOutput: @escaping @Sendable ([UInt8]) async -> Void,
        onError: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws -> WorkerExit {
        if world.isTroubled, world.choices.once(in: 40) {
            throw AttemptError("the worker could not be started", code: EMFILE)
        }
        let task = try JSONReader.decode(SimulatedTask.self, from: input)
        world.began(task, on: server)
        defer { world.ended(task, on: server) }
        var worker = SimulatedWorker(world: world, task: task, stop: stop, say: onOutput)
        return try await worker.run()
    }
}

struct SimulatedWorker {
    let world: SimulatedWorld
    let task: SimulatedTask
    let stop: StopSignal
    let say: @Sendable ([UInt8]) async -> Void

    private var place: SimulatedTraining.Place
    private var lastSaved = 0
    private var gathered: [UInt8] = []

    init(
        world: SimulatedWorld, task: SimulatedTask, stop: StopSignal, say: @escaping @Sendable ([UInt8]) async -> Void
    ) {
        self.world = world
        self.task = task
        self.stop = stop
        self.say = say
        place = task.training.start
    }

    private var work: String { DataLayout.work(AttemptToken(job: task.job, attempt: task.attempt)) }

    mutating func run() async throws -> WorkerExit {
        try goOn()
        try tell("loaded \(task.training.seed)", number: 1)
        let last = task.training.divergesAt ?? task.training.steps
        while true {
            if let end = try await turn() { return end }
            guard place.step < last else { break }
            place = task.training.next(place)
            try put(.metric(name: "loss", step: place.step, value: Double(place.hash)))
            try put(.progress(JobProgress(step: place.step, steps: task.training.steps, epoch: 0, epochs: 1)))
            if place.step.isMultiple(of: SimulatedTraining.stepsPerEpoch) {
                try tell("epoch \(place.hash)", number: 1 + place.step / SimulatedTraining.stepsPerEpoch)
            }
            if place.step.isMultiple(of: task.training.checkpointEvery) { try await save() }
        }
        if task.training.divergesAt != nil {
            try put(.failure(message: "diverged"))
            await flush()
            return .exited(65)
        }
        // An end of its server may have taken the folder away.
        guard world.disk.work.contains(work) else { return .exited(70) }
        world.disk.models["\(work)/model"] = place
        if let end = try await turn() { return end }
        try put(.result(document: JSONEncoder().encode(place)))
        await flush()
        if let end = try await turn(hasResult: true) { return end }
        return .exited(0)
    }

    /// Others have their turn, and then something may happen to this worker.
    private mutating func turn(hasResult: Bool = false) async throws -> WorkerExit? {
        await world.pause()
        if world.choices.once(in: 3) { await flush() }
        if stop.reason != nil, !hasResult {
            guard !world.choices.once(in: 4) else { return .signalled(SIGKILL) }
            try await save()
            return .exited(75)
        }
        guard world.isTroubled else { return nil }
        switch world.choices.below(100) {
        case 97: return .signalled(SIGKILL)
        case 98:
            if hasResult { return nil }
            try await save()
            return .exited(75)
        case 99:
            await stop.wait()
            return .signalled(SIGKILL)
        case 96:
            gathered += Array("no message\n".utf8)
            return nil
        default: return nil
        }
    }

    private mutating func goOn() throws {
        for checkpoint in task.resume {
            guard let saved = world.disk.checkpoints[checkpoint.path], saved.isIntact,
                checkpoint.digest == SimulatedDisk.Checkpoint.digest(task.job, saved.place.step)
            else {
                try put(.event(number: nil, kind: "checkpoint_rejected", document: Data("{}".utf8)))
                continue
            }
            place = saved.place
            lastSaved = place.step
            return
        }
    }

    private mutating func save() async throws {
        guard place.step != lastSaved else { return await flush() }
        guard world.disk.work.contains(work) else { return }
        let name = "\(place.step).safetensors"
        world.disk.checkpoints["\(work)/checkpoints/\(name)"] = .init(place: place)
        // Killed before it says so.
        if world.isTroubled, world.choices.once(in: 20) { return }
        lastSaved = place.step
        try put(
            .checkpoint(
                .init(
                    name: name, step: place.step, epoch: place.step / SimulatedTraining.stepsPerEpoch,
                    digest: SimulatedDisk.Checkpoint.digest(task.job, place.step), byteCount: 1,
                    document: Data("{}".utf8))))
        await flush()
    }

    private mutating func tell(_ text: String, number: Int) throws {
        place.history = max(place.history, number)
        try put(.event(number: number, kind: "training", document: JSONEncoder().encode(["text": text])))
    }

    private mutating func put(_ message: WorkerMessage) throws { gathered += try message.line() }

    /// In pieces that are cut anywhere.
    private mutating func flush() async {
        let cut = world.choices.below(gathered.count + 1)
        let pieces = [gathered[..<cut], gathered[cut...]].filter { !$0.isEmpty }.map(Array.init)
        gathered = []
        for piece in pieces { await say(piece) }
    }
}
