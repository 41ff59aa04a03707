import Foundation
import Platform
import TestSupport
import Testing

@testable import Emotion

@Suite struct PackedSplitWriterTests {
    private static let lines = """
        {"text": [[1, 2]], "labels": [1, 0]}
        {"text": [[3, 4]], "labels": [0, 1]}
        """

    private static func files(in scratch: ScratchDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
    }

    @Test func nothingIsLeftOfASplitThatIsWrong() throws {
        let scratch = try ScratchDirectory()
        var arrays = NPZSplitTests.arrays()
        arrays["text"] = NPYBytes.floats([3, 2, 2], [1, .nan, 3, 4, 5, 6, 9, 9, 7, 8, 9, 9])
        let path = try NPZSplitTests.write(scratch, arrays)
        do {
            let writer = try PackedSplitWriter(path: scratch.file("packed"), scratchPath: scratch.file("scratch"))
            let report = try SplitReader.pack(path: path, into: writer).report
            #expect(report.problemCount == 1 && report == SplitReader.inspect(path: path))
            #expect(writer.contentDigest == nil)
        }
        #expect(try Self.files(in: scratch) == ["train.npz"])
    }

    @Test(arguments: [true, false]) func nothingIsLeftOfAWriterThatIsGivenUp(isArchive: Bool) throws {
        let scratch = try ScratchDirectory()
        let path =
            isArchive
            ? try NPZSplitTests.write(scratch, NPZSplitTests.arrays()) : try LineSplitTests.write(scratch, Self.lines)
        let before = try Self.files(in: scratch)
        do {
            let writer = try PackedSplitWriter(path: scratch.file("packed"), scratchPath: scratch.file("scratch")) {
                true
            }
            #expect(throws: CancellationError.self) { try SplitReader.pack(path: path, into: writer) }
        }
        #expect(try Self.files(in: scratch) == before)
    }

    @Test func aDiskThatTakesNothingIsToldOf() throws {
        let scratch = try ScratchDirectory()
        let path = try LineSplitTests.write(scratch, Self.lines)
        let writer = try PackedSplitWriter(path: scratch.file("packed"), scratchPath: scratch.file("no/scratch"))
        let error = #expect(throws: SystemError.self) { try SplitReader.pack(path: path, into: writer) }
        #expect(error?.code == ENOENT)
        #expect(throws: SystemError.self) { try PackedSplitWriter(path: scratch.file("packed"), scratchPath: "") }
    }

    @Test func scratchFilesKeepWhatIsAppended() throws {
        let scratch = try ScratchDirectory()
        let file = try ScratchFile(path: scratch.file("a"))
        #expect(try Self.files(in: scratch).isEmpty)
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        for part in [bytes[..<7], bytes[7..<280_000], bytes[280_000...]] {
            try part.withUnsafeBytes { try file.append($0) }
        }
        #expect(file.byteCount == bytes.count)
        var back = [UInt8](repeating: 0, count: bytes.count - 5)
        try back.withUnsafeMutableBytes { try file.read(at: 5, into: $0) }
        #expect(back == Array(bytes[5...]))
    }
}
