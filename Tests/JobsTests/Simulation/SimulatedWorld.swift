import Foundation
import GRDB
import Platform

@testable import Jobs

/// The real store and the real pool, and everything around them simulated: processes, files, clocks, clients, and the ends of
/// servers. One thread does it all, in an order that ``Choices`` makes.
///
/// `@unchecked Sendable`: touched by that thread only.
final class SimulatedWorld: @unchecked Sendable {
    let choices: Choices
    let executor = SimulatedExecutor()
    let time = SimulatedTime()
    var disk = SimulatedDisk()
    /// Whether bad things happen.
    var isTroubled = true
    private(set) var isFull = false
    /// What should never be.
    private(set) var violations: [String] = []
    /// What was done, in words.
    private(set) var schedule: [String] = []

    private(set) var server: SimulatedServer?
    private let directory: URL
    private var pauses: [CheckedContinuation<Void, Never>] = []
    private var identifiers = 0
    private var dataset = ""
    let clients: SimulatedClients

    /// - Parameter template: a data directory without jobs, to begin with a copy of it.
    init(_ choices: Choices, template: URL, directory: URL) throws {
        self.choices = choices
        self.directory = directory
        clients = SimulatedClients()
        try FileManager.default.copyItem(at: template, to: directory)
        try start()
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    // MARK: What the server meets

    func pause() async {
        await withCheckedContinuation { pauses.append($0) }
    }

    func makeIdentifier(_ prefix: String) -> String {
        identifiers += 1
        return "\(prefix)_\(identifiers)"
    }

    func checkRoom() throws {
        if isFull { throw DatabaseError(resultCode: .SQLITE_FULL) }
    }

    func note(_ violation: String) {
        violations.append(violation)
    }

    func began(_ task: SimulatedTask, on server: SimulatedServer) {
        guard server.isAlive else { return }
        if server.workers[task.job] != nil { note("\(task.job) has two workers") }
        server.workers[task.job] = task.attempt
    }

    func ended(_ task: SimulatedTask, on server: SimulatedServer) {
        server.workers[task.job] = nil
    }

    // MARK: Running

    /// Lets something happen for so many turns, and then everything come to its end.
    func run(turns: Int) {
        for turn in 0..<turns where violations.isEmpty {
            self.turn()
            if turn.isMultiple(of: 5) { check() }
        }
        isTroubled = false
        isFull = false
        if server == nil { restart() }
        if violations.isEmpty { settle() }
        check()
        clients.checkEnd(self)
        server?.crash()
        drain()
    }

    private func turn() {
        switch choices.below(40) {
        case 0...27: step()
        case 28...30: advance()
        case 31...33: clients.act(self)
        case 34: clients.lie(self)
        case 35:
            guard choices.once(in: 6) else { return step() }
            log("the clock jumps")
            time.jump(by: choices.once(in: 2) ? 3_600_000 : -3_600_000)
        case 36:
            guard choices.once(in: 4) else { return step() }
            isFull.toggle()
            log(isFull ? "the disk is full" : "the disk has room")
        case 37:
            guard choices.once(in: 4), !disk.checkpoints.isEmpty else { return step() }
            let paths = disk.checkpoints.keys.sorted()
            let path = paths[choices.below(paths.count)]
            log("\(path) is damaged")
            disk.checkpoints[path]?.isIntact = false
        case 38:
            guard choices.once(in: 5) else { return step() }
            log("the server is killed")
            server?.crash()
            server = nil
            restart()
        default:
            guard choices.once(in: 8), let server else { return step() }
            log("the server is shut down")
            server.shutDown()
            isFull = false
            runUntil { server.hasEnded }
            check()
            server.close()
            self.server = nil
            restart()
        }
    }

    /// One piece of one task.
    private func step() {
        let count = executor.readyCount + pauses.count
        guard count > 0 else { return advance() }
        let index = choices.below(count)
        if index < executor.readyCount {
            executor.run(at: index)
        } else {
            pauses.remove(at: index - executor.readyCount).resume()
        }
    }

    private func advance() {
        if time.advance() { log("time passes") }
    }

    private func start() throws {
        let server = try SimulatedServer(self, directory: directory)
        self.server = server
        server.start(self, directory: directory)
    }

    private func restart() {
        do { try start() } catch { note("the server does not start: \(error)") }
    }

    private func runUntil(_ condition: () -> Bool) {
        var turns = 0
        while !condition(), violations.isEmpty {
            turns += 1
            guard turns < 100_000 else { return note("it does not come to an end") }
            let isIdle = executor.readyCount + pauses.count == 0
            if isIdle, !time.advance() { return note("everything waits for something") }
            if !isIdle { step() }
        }
    }

    /// Runs until nothing is left to be done.
    private func settle() {
        runUntil { [self] in
            guard executor.readyCount + pauses.count == 0, let server else { return false }
            let states = try? server.database.readNow { connection in
                try String.fetchAll(
                    connection.cachedStatement(
                        sql: "SELECT state FROM jobs WHERE state NOT IN ('succeeded', 'failed', 'cancelled')"))
            }
            if states?.contains("paused") == true { clients.resumeAll(self) }
            return states?.isEmpty == true
        }
    }

    /// Lets the tasks of servers that are gone end.
    private func drain() {
        for _ in 0..<100_000 {
            if executor.readyCount > 0 {
                executor.run(at: 0)
            } else if !pauses.isEmpty {
                pauses.removeFirst().resume()
            } else if !time.advance() {
                return
            }
        }
    }

    func log(_ text: String) { schedule.append(text) }

    private func check() {
        guard let server, server.isAlive else { return }
        do {
            try server.database.readNow { connection in
                for violation in try Invariants(self, connection).violations() { note(violation) }
            }
        } catch {
            note("the database cannot be read: \(error)")
        }
    }
}
