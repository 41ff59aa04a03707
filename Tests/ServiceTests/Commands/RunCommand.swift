import Foundation

@testable import Service

/// Runs `limbic` to its end, as a user does.
///
/// - Parameter environment: in addition to that of the tests.
func runLimbic(
    _ arguments: [String], environment: [String: String] = [:]
) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = URL(filePath: ServiceConfiguration.make(.temporary()).workerExecutable)
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, output, errors)
    try process.run()
    // What goes to standard error is less than a pipe holds.
    let texts = try [output, errors].map { pipe in
        String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }
    process.waitUntilExit()
    return (process.terminationStatus, texts[0], texts[1])
}
