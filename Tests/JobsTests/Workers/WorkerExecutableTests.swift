import Foundation
import Platform
import TestSupport
import Testing

@testable import Jobs

struct WorkerExecutableTests {
    private static let launched = Launcher(prefix: ["env"])

    /// What `command` says when it is started.
    private func output(of command: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }

    private func script(_ word: String, at path: String) throws {
        // Beside it and then in its place, as an update does.
        try Data("#!/bin/sh\necho \(word) $1\n".utf8).write(to: URL(filePath: path + ".new"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path + ".new")
        try #require(rename(path + ".new", path) == 0)
    }

    @Test(arguments: [Launcher(niceness: 0), Launcher(niceness: 10), launched])
    func staysTheOneThatWasOpened(launcher: Launcher) throws {
        let scratch = try ScratchDirectory()
        let path = scratch.file("worker")
        try script("old", at: path)
        let executable = try WorkerExecutable(path)
        func start() throws -> String {
            try output(of: launcher.commandLine([executable.command(behind: launcher), "worker"]))
        }
        #expect(try start() == "old worker\n")
        try script("new", at: path)
        #expect(try start() == "old worker\n")
        unlink(path)
        #expect(try start() == "old worker\n")
    }

    @Test func goesByItsPathBehindALauncher() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.file("worker")
        try script("old", at: path)
        #expect(try WorkerExecutable(path).command(behind: Self.launched) == path)
    }

    @Test func namesTheBuildOfAProgram() throws {
        let own = try WorkerExecutable("/proc/self/exe")
        #expect(own.build == BuildID.own)
        #expect(own.path.hasPrefix("/") && !own.path.hasPrefix("/proc/"))
        let scratch = try ScratchDirectory()
        for bytes in [
            [], Array("#!/bin/sh\n".utf8), [0x7F, 0x45, 0x4C, 0x46, 2] + [UInt8](repeating: 0xFF, count: 100),
        ] {
            #expect(try WorkerExecutable(scratch.write("other", bytes)).build == nil)
        }
        #expect(throws: SystemError.self) { try WorkerExecutable(scratch.file("nothing")) }
    }

    @Test func readsTheNoteOfTheLinker() throws {
        // A header of 64 bytes, one entry of 56 for the notes, then a note of another owner and that of the build.
        var file = [UInt8](repeating: 0, count: 64 + 56)
        func put(_ value: some FixedWidthInteger, at offset: Int) {
            withUnsafeBytes(of: value) { file.replaceSubrange(offset..<offset + $0.count, with: $0) }
        }
        file.replaceSubrange(0..<5, with: [0x7F, 0x45, 0x4C, 0x46, 2])
        put(UInt64(64), at: 32)
        put(UInt16(56), at: 54)
        put(UInt16(1), at: 56)
        func note(_ owner: String, _ type: UInt32, _ content: [UInt8]) -> [UInt8] {
            var note: [UInt8] = []
            for number in [UInt32(owner.utf8.count + 1), UInt32(content.count), type] {
                withUnsafeBytes(of: number) { note += $0 }
            }
            for part in [Array(owner.utf8) + [0], content] {
                note += part + [UInt8](repeating: 0, count: (4 - part.count % 4) % 4)
            }
            return note
        }
        let notes = note("GNU", 1, [1, 2, 3]) + note("stapsdt", 3, [9]) + note("GNU", 3, [0xAB, 0x0C, 0xD1])
        put(UInt32(4), at: 64)
        put(UInt64(file.count), at: 64 + 8)
        put(UInt64(notes.count), at: 64 + 32)
        let scratch = try ScratchDirectory()
        #expect(try WorkerExecutable(scratch.write("program", file + notes)).build == "ab0cd1")
    }
}
