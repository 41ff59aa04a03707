import Foundation
import Platform
import TestSupport
import Testing

struct WholeFileTests {
    private let scratch: ScratchDirectory
    private var folder: String { scratch.path }

    init() throws { scratch = try ScratchDirectory() }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

    @Test func appearsWhenItIsWhole() throws {
        let path = folder + "/weights"
        try WholeFile.write(Data("old".utf8), to: path)
        let file = try WholeFile(path: path)
        try file.write([UInt8](repeating: 7, count: 1 << 20))
        try file.write(Data("end".utf8))
        #expect(FileManager.default.contents(atPath: path) == Data("old".utf8))
        try file.commit()
        #expect(FileManager.default.contents(atPath: path)?.count == 1 << 20 + 3)
        #expect(try names() == ["weights"])
    }

    @Test func leavesNothingWhenItIsGivenUp() throws {
        do {
            let file = try WholeFile(path: folder + "/a")
            try file.write(Data("half".utf8))
            #expect(try names().count == 1)
        }
        #expect(try names() == [])
    }

    @Test func leavesNothingWhenItCannotTakeItsName() throws {
        // A folder that is not empty cannot be replaced by a file.
        try FileManager.default.createDirectory(atPath: folder + "/a/b", withIntermediateDirectories: true)
        let error = try #require(throws: SystemError.self) { try WholeFile.write(Data("x".utf8), to: folder + "/a") }
        #expect(error.operation == "rename" && error.path == folder + "/a")
        #expect(try names() == ["a"])
    }

    @Test func namesTheFileThatCannotBeMade() throws {
        let error = try #require(throws: SystemError.self) { try WholeFile.write(Data(), to: folder + "/no/a") }
        #expect(error == SystemError("open", path: folder + "/no/a", code: ENOENT))
        #expect(error.description == "\(folder)/no/a: open: No such file or directory")
    }

    @Test func moves() throws {
        try WholeFile.write(Data("x".utf8), to: folder + "/a")
        try Files.move(folder + "/a", to: folder + "/b")
        #expect(try names() == ["b"])
        #expect(throws: SystemError("rename", path: folder + "/c", code: ENOENT)) {
            try Files.move(folder + "/a", to: folder + "/c")
        }
        #expect(Files.folder(of: "a") == "." && Files.folder(of: "/a/b") == "/a" && Files.folder(of: "/a") == "/")
    }
}
