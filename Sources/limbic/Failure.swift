import ArgumentParser
import Emotion
import Platform
import Studies
import Engine
import Foundation
import HTTP
import Jobs

/// Why a command ends without success: one line on standard error and an exit code of `sysexits.h`.
struct Failure: Error, CustomStringConvertible {
    /// The exit codes in use, as `sysexits.h` numbers them.
    enum Code: Int32 {
        case usage = 64
        case badData = 65
        case noInput = 66
        case unavailable = 69
        case software = 70
        case system = 71
        case inputOutput = 74
        case configuration = 78
        /// Ended by SIGINT, numbered as shells do.
        case interrupted = 130
    }

    let code: Code
    /// Names the file or argument, the field and the reason.
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    var description: String { message }

    /// What `error` means to whoever called the program.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case is HyperparameterError, is HyperparameterErrors: self.init(.usage, "\(error)")
        case let error as NPZError: self.init(error.kind == .cannotWrite ? .inputOutput : .badData, "\(error)")
        case is DatasetError, is ModelError, is ClipError, is TrainingError, is CellError:
            self.init(.badData, "\(error)")
        case let error as TrainingStateError where error.kind == .otherTraining:
            self.init(.usage, "\(error); take another directory for --out")
        case is TrainingStateError: self.init(.badData, "\(error)")
        case StudyError.otherSettings: self.init(.usage, "\(error)")
        case is StudyError: self.init(.badData, "\(error)")
        // Reading weights gives a ModelError, so this is about writing them.
        case is SafetensorsError: self.init(.inputOutput, "\(error)")
        case is OpenBLASError, GEMMBackendError.missing: self.init(.unavailable, "\(error)")
        case is GEMMBackendError: self.init(.usage, "\(error)")
        case is MemoryError: self.init(.system, "\(error)")
        case let error as SystemError: self.init(.inputOutput, "\(error)")
        case let error as BackupError: self.init(Self.code(of: error), "\(error)")
        case DirectoryError.noDatabase: self.init(.noInput, "\(error)")
        case is DirectoryError, is MigrationError: self.init(.configuration, "\(error)")
        case is KeyStoreError: self.init(.noInput, "\(error)")
        case is StorageError: self.init(.inputOutput, "\(error)")
        case let error as CocoaError: self.init(Self.code(of: error), Self.describe(error))
        case let error as POSIXError: self.init(.inputOutput, error.localizedDescription)
        default: self.init(.software, "internal error: \(error)")
        }
    }

    /// Runs a command's body. What it throws is printed as one line, and what remains for the argument parser is the
    /// exit code.
    static func reporting(_ body: () throws -> Void) throws {
        do { try body() } catch { throw report(error) }
    }

    /// The same for a body that waits.
    static func reporting(_ body: () async throws -> Void) async throws {
        do { try await body() } catch { throw report(error) }
    }

    private static func report(_ error: any Error) -> any Error {
        // Requests for help and faults found by the argument parser itself are printed by it.
        if error is ExitCode || error is CleanExit || error is ValidationError { return error }
        let failure = Failure(error)
        let line = failure.message.split(whereSeparator: \.isNewline).joined(separator: " ")
        StandardError.write("limbic: \(line)\n")
        return ExitCode(failure.code.rawValue)
    }

    private static func code(of error: BackupError) -> Code {
        switch error {
        case .noDatabase: .noInput
        case .targetInUse: .usage
        case .damaged: .badData
        case .changing: .unavailable
        case .system: .inputOutput
        }
    }

    private static func code(of error: CocoaError) -> Code {
        switch error.code {
        case .fileNoSuchFile, .fileReadNoSuchFile: .noInput
        default: .inputOutput
        }
    }

    private static func describe(_ error: CocoaError) -> String {
        // The part that says why is often left out of the description.
        let reason = (error.underlying as? POSIXError)?.localizedDescription ?? error.localizedDescription
        let path = error.filePath ?? error.url?.path
        return path.map { "\($0): \(reason)" } ?? reason
    }
}
