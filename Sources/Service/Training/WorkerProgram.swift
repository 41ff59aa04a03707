import Emotion
import Engine
import Foundation
import Jobs
import JSON
import Platform

/// `limbic worker`: one training over standard streams.
///
/// Reads a ``TrainingTask`` as one line from standard input, which then stays open for as long as the server lives: its end,
/// like SIGTERM, stops the training at the next step, where its state is saved if the task says where. Standard output carries messages and nothing else; whatever a library
/// prints there goes to standard error.
package enum WorkerProgram {
    /// Exit codes as in `sysexits.h`.
    package enum Exit {
        package static let success: Int32 = 0
        /// The task cannot be read.
        package static let usage: Int32 = 64
        /// The data cannot be used, or a training on them comes to nothing.
        package static let data: Int32 = 65
        /// Anything else that went wrong, such as a server of another build.
        package static let failure: Int32 = 70
        /// There is not enough memory.
        package static let memory: Int32 = 71
        /// Stopped because the server said so or is gone; the same task may succeed later.
        package static let stopped: Int32 = 75
    }

    /// The longest task, in bytes.
    private static let taskLimit = 64 << 20

    /// Runs until the training is over.
    ///
    /// - Returns: the exit code.
    package static func run() -> Int32 {
        let messages = dup(STDOUT_FILENO)
        guard messages >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else { return Exit.failure }
        // Started by a descriptor, it would be listed by a number.
        try? Data("limbic".utf8).write(to: URL(filePath: "/proc/self/comm"))
        // A server that is gone shows as an error of the write.
        signal(SIGPIPE, SIG_IGN)
        let stop = StopFlag()
        let terminated = stopOnTermination(stop)
        defer { terminated.cancel() }
        let output = MessageOutput { try Descriptor.writeAll($0, to: messages) }
        guard let line = readLine() else {
            return fail("there is no task on standard input", output, Exit.usage)
        }
        // First, as another build may write everything else in another way.
        if let build = try? JSONReader.decode(TaskBuild.self, from: line), build.build != BuildID.own {
            return fail(
                "the worker is of another build than the server, which has to be started again after an update",
                output,
                Exit.failure
            )
        }
        let task: TrainingTask
        do {
            task = try JSONReader.decode(TrainingTask.self, from: line)
        } catch {
            return fail("the task cannot be read", cause: error, output, Exit.usage)
        }
        do throws(SystemError) { try task.memory.map(Memory.limit) } catch {
            return fail("the memory of the worker could not be limited: \(error.reason)", output, Exit.failure)
        }
        watchInput(stop)
        giveSignsOfLife(output)
        return run(
            task, stop: stop, output: output, fault: Fault(ProcessInfo.processInfo.environment[Fault.variable]))
    }

    static func run(_ task: TrainingTask, stop: StopFlag, output: MessageOutput, fault: Fault = .none) -> Int32 {
        do {
            try TrainingWorker(task, stop: stop, output: output, fault: fault).run()
            return Exit.success
        } catch is TrainingWorker.Stopped {
            return Exit.stopped
        } catch let error as DatasetError {
            return fail("\(error)", output, Exit.data)
        } catch let error as MemoryError {
            return fail("\(error)", output, Exit.memory)
        } catch let error as TrainingError {
            return fail("\(error)", output, Exit.data)
        } catch let error as SystemError {
            return fail("the model could not be written: \(error.reason)", cause: error, output, Exit.failure)
        } catch let error as SafetensorsError {
            return fail("the model could not be written: \(error.reason)", cause: error, output, Exit.failure)
        } catch {
            return fail("the training failed; the log of the job says why", cause: error, output, Exit.failure)
        }
    }

    /// Says why the training cannot be done: to the server, whose clients see it, and to whoever reads the log.
    ///
    /// - Parameter cause: for the log alone, as it may name files and types.
    private static func fail(
        _ message: String,
        cause: (any Error)? = nil,
        _ output: MessageOutput,
        _ code: Int32
    ) -> Int32 {
        let line = cause.map { "\(message): \($0)\n" } ?? "\(message)\n"
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
        // When the server is gone there is nobody left to tell.
        try? output.sendNow(.failure(message: message))
        return code
    }

    private static func stopOnTermination(_ stop: StopFlag) -> any DispatchSourceSignal {
        signal(SIGTERM, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
        source.setEventHandler { stop.raise() }
        source.resume()
        return source
    }

    /// The first line of standard input; nil when there is none. The server sends nothing after it.
    private static func readLine() -> Data? {
        var line = Data()
        while let chunk = readInput() {
            if let end = chunk.firstIndex(of: UInt8(ascii: "\n")) { return line + chunk[..<end] }
            line += chunk
            guard line.count <= taskLimit else { return nil }
        }
        return nil
    }

    /// What is there of standard input; nil at its end.
    private static func readInput() -> Data? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? Data(buffer[..<count]) : nil
        }
    }

    /// Sends a heartbeat every 5 seconds, however long a step, an evaluation or reading the data takes.
    private static func giveSignsOfLife(_ output: MessageOutput) {
        Thread.detachNewThread {
            while true {
                Thread.sleep(forTimeInterval: 5)
                // That the server is gone shows at the end of standard input.
                try? output.sendNow(.heartbeat)
            }
        }
    }

    private static func watchInput(_ stop: StopFlag) {
        Thread.detachNewThread {
            while readInput() != nil {}
            stop.raise()
        }
    }
}

/// What can be read of a task whatever else is in it.
private struct TaskBuild: Decodable {
    let build: String?
}
