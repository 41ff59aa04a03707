import Engine
import TestSupport
import Testing

@testable import Emotion

/// Attention's memory grows with the square of a clip's units, so that clips have a bound.
@Suite("Clips that are too long")
struct LongClipTests {
    private static let limit = MultiHeadAttention.longestSequence

    private static func line(text: Int, audio: Int) -> String {
        func units(_ count: Int) -> String {
            "[" + [String](repeating: "[0]", count: count).joined(separator: ",") + "]"
        }
        return #"{"labels": [1], "text": \#(units(text)), "audio": \#(units(audio))}"#
    }

    private static func split(_ scratch: ScratchDirectory, text: Int, audio: Int, asLines: Bool) throws -> String {
        if asLines { return try scratch.write("train.jsonl", Self.line(text: text, audio: audio).utf8) }
        return try NPZSplitTests.write(
            scratch,
            [
                "text": NPYBytes.floats([1, text, 1], [Float](repeating: 0, count: text)),
                "audio": NPYBytes.floats([1, audio, 1], [Float](repeating: 0, count: audio)),
                "labels": NPYBytes.make("|u1", "(1, 1)", [1]),
            ])
    }

    @Test("a split with a clip of more units than attention has memory for is refused", arguments: [false, true])
    func split(asLines: Bool) throws {
        let scratch = try ScratchDirectory()
        let path = try Self.split(scratch, text: Self.limit - 3, audio: 4, asLines: asLines)
        let error = #expect(throws: DatasetError.self) { try SplitReader.read(path: path) }
        #expect(error?.problemCount == 1)
        #expect(error?.problems.first?.reason == "8193 units in all modalities, at most 8192")
        #expect(SplitReader.inspect(path: path).problems == error?.problems)
    }

    @Test("a clip at the bound is read", arguments: [false, true])
    func bound(asLines: Bool) throws {
        let scratch = try ScratchDirectory()
        let path = try Self.split(scratch, text: Self.limit - 3, audio: 3, asLines: asLines)
        #expect(try SplitReader.read(path: path).clips.unitCounts == [Self.limit])
    }

    @Test("the clip of a prediction has the same bound")
    func decoder() throws {
        let modalities = ["text", "audio"].map { Modality(name: $0, featureSize: 1) }
        let decoder = ClipDecoder(modalities: modalities, labels: ["label"])
        let line = Array(Self.line(text: 5000, audio: 5000).utf8)
        let error = #expect(throws: ClipError.self) { try line.withUnsafeBytes { try decoder.decodeClip($0) } }
        #expect(error?.detail == "10000 units in all modalities, at most 8192")
    }
}
