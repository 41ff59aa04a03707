import Foundation
import Subprocess
import SystemPackage

/// One child process with its three streams; all that touches the library for child processes.
///
/// The child gets a session of its own, so that signals reach everything a launcher starts, and a terminal's Ctrl-C only
/// the server. The library makes its pipes close-on-exec and closes what else is open in the child, so no sibling holds
/// the write end of another's standard input: when the server dies, each child sees the end of its input.
struct WorkerProcess: WorkerStarter {
    /// Whether a launcher stands between. It has half of the grace period to end by itself before anything is signalled: sent
    /// SIGTERM it kills what it has started, at once (srun) or after two seconds (mpirun).
    var isLaunched = false

    /// Runs the child to its end.
    ///
    /// Not to be called in a task that may be cancelled: cancellation makes the library stop reading. `stop` ends a
    /// child with nothing it said lost.
    ///
    /// - Parameters:
    ///   - commandLine: program and arguments; the program is looked up in PATH when it has no slash.
    ///   - input: written to standard input, which then stays open until the child has closed its standard output or
    ///     was told to stop.
    ///   - stop: asks the child to end, by the end of its input and SIGTERM, and after the grace period by SIGKILL.
    ///   - onOutput: gets standard output as it comes. While it works the child may have to wait for the pipe.
    ///   - onError: gets standard error likewise, at the same time.
    /// - Throws: ``AttemptError`` when it could not be started.
    func run(
        _ commandLine: [String],
        gracePeriod: @escaping @Sendable () -> Duration,
        input: Data,
        stop: StopSignal,
        onOutput: @escaping @Sendable ([UInt8]) async -> Void,
        onError: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws -> WorkerExit {
        try Self.requireDescriptors()
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: gracePeriod())
        ]
        let program = commandLine[0]
        let configuration = Subprocess.Configuration(
            executable: program.contains("/") ? .path(FilePath(program)) : .name(program),
            arguments: Arguments(Array(commandLine.dropFirst())),
            platformOptions: options
        )
        let (outputEnd, outputEnded) = AsyncStream<Void>.makeStream()
        let isLaunched = isLaunched
        let child = Task {
            let result = try await Subprocess.run(
                configuration,
                input: .inputWriter,
                output: .sequence,
                error: .sequence
            ) { execution in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        // A child that dies early, or closes its input, shows by how it ends.
                        _ = try? await execution.standardInputWriter.write(Array(input))
                    }
                    group.addTask {
                        await stop.wait()
                        guard !Task.isCancelled else { return }
                        // Beside the rest, as it waits for input that nobody may be there to take.
                        async let closed: Void? = try? execution.standardInputWriter.finish()
                        let time = gracePeriod()
                        let head = isLaunched ? time / 2 : .zero
                        if isLaunched { try? await Task.sleep(for: head) }
                        guard !Task.isCancelled else { return }
                        try? execution.send(signal: .terminate, toProcessGroup: true)
                        _ = await closed
                        try? await Task.sleep(for: time - head)
                        guard !Task.isCancelled else { return }
                        try? execution.send(signal: .kill, toProcessGroup: true)
                    }
                    async let error: Void = Self.forward(execution.standardError, to: onError)
                    await Self.forward(execution.standardOutput, to: onOutput)
                    try? await execution.standardInputWriter.finish()
                    outputEnded.finish()
                    await error
                    group.cancelAll()
                }
            }
            return result.terminationStatus
        }
        // A child that has closed its output has no more to say, and the grace period to end.
        let watchdog = Task {
            for await _ in outputEnd {}
            try await Task.sleep(for: gracePeriod())
            child.cancel()
        }
        defer { watchdog.cancel() }
        do {
            switch try await child.value {
            case .exited(let status): return .exited(status)
            case .signaled(let number): return .signalled(number)
            }
        } catch let error as SubprocessError {
            let what = "the worker could not be started"
            throw error.underlyingError.map { AttemptError(what, code: $0.rawValue) } ?? AttemptError(what)
        } catch let error as Errno {
            throw AttemptError("the worker could not be started", code: error.rawValue)
        }
    }

    /// Has the library make what it makes once, at its first child: if there are no descriptors left at that moment, it
    /// remembers that for good.
    func prepare() async {
        // Where there is no such program, the library has done its part all the same.
        _ = try? await run(
            ["true"], gracePeriod: { .seconds(1) }, input: Data(), stop: StopSignal(), onOutput: { _ in },
            onError: { _ in })
    }

    /// The library ends the process when it has made some of its pipes and can make no more, so what it takes to start a
    /// child is asked for before.
    ///
    /// - Throws: ``AttemptError`` when there is no room for it.
    private static func requireDescriptors() throws {
        var taken: [CInt] = []
        defer { taken.forEach { close($0) } }
        // Three pipes, one more for the failure of a start, and what watches over the child, twice.
        for _ in 0..<24 {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw AttemptError("the worker could not be started", code: errno) }
            taken.append(descriptor)
        }
    }

    private static func forward(
        _ stream: SubprocessOutputSequence,
        to receive: @Sendable ([UInt8]) async -> Void
    ) async {
        do {
            for try await buffer in stream {
                await receive(buffer.withUnsafeBytes { Array($0) })
            }
        } catch {
            // A pipe that cannot be read any more is at its end; how the child ended tells the rest.
        }
    }
}
