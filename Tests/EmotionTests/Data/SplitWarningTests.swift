import Foundation
import TestSupport
import Testing

@testable import Emotion

/// What is told of a split that can be used.
@Suite struct SplitWarningTests {
    /// The warnings of a split of clips with text [N, 3, 2], and what else it has; all orders and forms agree on them.
    private static func warnings(
        _ text: [[[Float]]],
        lengths: [UInt8]? = nil,
        ids: [String]? = nil,
        labels: [UInt8]? = nil,
        options: SplitOptions = SplitOptions()
    ) throws -> [SplitWarning] {
        let scratch = try ScratchDirectory()
        let clips = text.count
        var arrays = ["text": NPYBytes.floats([clips, 3, 2], text.flatMap { $0.flatMap(\.self) })]
        arrays["labels"] = NPYBytes.make("|u1", "(\(clips), 1)", labels ?? (0..<clips).map { UInt8($0 % 2) })
        arrays["lengths_text"] = lengths.map { NPYBytes.make("|u1", "(\(clips),)", $0) }
        if let ids {
            let bytes = ids.flatMap { Array($0.utf8) + [UInt8](repeating: 0, count: 8 - $0.utf8.count) }
            arrays["ids"] = NPYBytes.make("|S8", "(\(clips),)", bytes)
        }
        let path = try NPZSplitTests.write(scratch, arrays)
        let report = SplitReader.inspect(path: path, options: options)
        #expect(report.problems.isEmpty)
        #expect(try SplitReader.read(path: path, options: options).report == report)
        var columnMajor: [Float] = []
        for feature in 0..<2 { for unit in 0..<3 { for clip in text { columnMajor.append(clip[unit][feature]) } } }
        arrays["text"] = NPYBytes.make(
            "<f4", "(\(clips), 3, 2)", fortran: true, columnMajor.flatMap { ZipBytes.little($0.bitPattern) })
        #expect(SplitReader.inspect(path: try NPZSplitTests.write(scratch, arrays), options: options) == report)
        return report.warnings
    }

    /// A clip unlike those of other seeds.
    private static func clip(_ seed: Int) -> [[Float]] {
        (0..<3).map { unit in (0..<2).map { Float(1 + seed * 6 + unit * 2 + $0) } }
    }

    private static let zero: [Float] = [0, 0]

    @Test func soundSplitsHaveNone() throws {
        #expect(try Self.warnings((0..<8).map(Self.clip), ids: (0..<8).map { "c\($0)" }).isEmpty)
    }

    @Test func idsAndClipsThatComeTwice() throws {
        var text = (0..<8).map(Self.clip)
        text[6] = text[1]
        let warnings = try Self.warnings(text, ids: ["a", "b", "c", "a", "d", "a", "e", "f"])
        #expect(warnings.map(\.code) == [.duplicateID, .duplicateRows])
        #expect(warnings[0].count == 2 && warnings[0].examples == ["a: clips 0 and 3", "a: clips 0 and 5"])
        #expect(warnings[1].count == 1 && warnings[1].examples == ["clips 1 and 6"])
        #expect(warnings.map { String($0.detail.prefix(7)) } == ["2 clips", "1 clip "])
    }

    @Test func clipsOfOtherLengthsAreOthers() throws {
        let text = [Self.clip(1), Self.clip(1), Self.clip(2), Self.clip(3)]
        #expect(try Self.warnings(text, lengths: [2, 3, 3, 3]).isEmpty)
        #expect(try Self.warnings(text, lengths: [2, 2, 3, 3]).map(\.code) == [.duplicateRows])
    }

    @Test func zeros() throws {
        var text = (0..<10).map(Self.clip)
        text[1][0] = Self.zero
        text[2][0] = Self.zero
        text[2][1] = Self.zero
        text[3][2] = Self.zero
        text[4][1] = Self.zero
        text[5] = [Self.zero, Self.zero, Self.zero]
        text[6] = [Self.zero, Self.zero, Self.zero]
        let warnings = try Self.warnings(text)
        #expect(warnings.map(\.code) == [.paddingLeft, .paddingRight, .zeroUnits, .zeroClips])
        #expect(warnings.map(\.count) == [2, 1, 1, 2])
        #expect(warnings.map(\.examples) == [["clip 1", "clip 2"], ["clip 3"], ["clip 4"], ["clip 5", "clip 6"]])
        #expect(warnings.allSatisfy { $0.field == "text" })
        #expect(warnings[0].detail.hasPrefix("2 clips with units of zeros at the start of text: padded on the left?"))
    }

    @Test func paddingThatLengthsTellIsNone() throws {
        var text = (0..<4).map(Self.clip)
        text[1][2] = Self.zero
        #expect(try Self.warnings(text, lengths: [3, 2, 3, 3]).isEmpty)
    }

    @Test func labelsThatNeverOrAlwaysOccur() throws {
        let text = (0..<4).map(Self.clip)
        var options = SplitOptions()
        options.labels = ["happy"]
        let never = try Self.warnings(text, labels: [0, 0, 0, 0], options: options)
        #expect(never.map(\.code) == [.labelConstant])
        #expect(never.first?.examples == ["happy: never"])
        #expect(try Self.warnings(text, labels: [1, 1, 1, 1]).first?.examples == ["label_0: always"])
    }

    @Test func featuresThatAreConstant() throws {
        let text = (0..<4).map { Self.clip($0).map { [$0[0], 7] } }
        let warnings = try Self.warnings(text)
        #expect(warnings.map(\.code) == [.constantColumn])
        #expect(warnings.first?.examples == ["feature 1: 7.0"])
        #expect(warnings.first?.detail.hasPrefix("1 of 2 features of text") == true)
    }

    @Test func whatWasReplacedIsNoValue() throws {
        var text = (0..<4).map { Self.clip($0).map { [$0[0], 7] } }
        text[0][0] = [.nan, .infinity]
        var options = SplitOptions()
        options.replaceNonfinite = true
        let warnings = try Self.warnings(text, options: options)
        #expect(warnings.map(\.code) == [.constantColumn, .nonfinite])
        #expect(warnings.last?.count == 2)
        #expect(
            warnings.last?.examples == [
                "clip 0, text[unit 0, feature 0]: nan is not finite",
                "clip 0, text[unit 0, feature 1]: inf is not finite",
            ])
    }

    @Test func lengthsThatAreVeryUnequal() throws {
        let scratch = try ScratchDirectory()
        let lengths: [UInt8] = [2, 2, 2, 2, 2, 21]
        let values = (0..<6 * 21).map { Float($0) + 1 }
        let path = try NPZSplitTests.write(
            scratch,
            [
                "text": NPYBytes.floats([6, 21, 1], values), "lengths": NPYBytes.make("|u1", "(6,)", lengths),
                "labels": NPYBytes.make("|u1", "(6, 1)", [0, 1, 0, 1, 0, 1]),
            ])
        let warnings = SplitReader.inspect(path: path).warnings
        #expect(warnings.map(\.code) == [.lengthsUneven])
        #expect(warnings.first?.examples == ["clip 5: 21 units"])
    }

    @Test func examplesAreFew() throws {
        let text = (0..<30).map { index in [Self.zero, Self.clip(index)[1], Self.clip(index)[2]] }
        let warnings = try Self.warnings(text)
        #expect(warnings.first?.count == 30)
        #expect(warnings.first?.examples.count == 5)
    }

    @Test func linesAndArchivesHaveTheSameWarnings() throws {
        let scratch = try ScratchDirectory()
        let lines = """
            {"id": "a", "labels": [0], "text": [[0, 0], [1, 2]], "audio": [[1]]}
            {"id": "a", "labels": [0], "text": [[0, 0], [1, 2]], "audio": [[1]]}
            {"id": "b", "labels": [0], "text": [[null, 5]], "audio": [[1e39]]}
            """
        var options = SplitOptions()
        options.replaceNonfinite = true
        let path = try LineSplitTests.write(scratch, lines)
        let report = SplitReader.inspect(path: path, options: options)
        #expect(report.problems.isEmpty)
        let codes = report.warnings.map { "\($0.code.rawValue) \($0.field) \($0.count)" }
        #expect(
            codes == [
                "constant_column audio 1", "nonfinite audio 1", "padding_left text 2", "nonfinite text 1",
                "label_constant labels 1", "duplicate_id ids 1", "duplicate_rows clips 1",
            ])
        #expect(report.replacedValues == 2)
        let clips = try SplitReader.read(path: path, options: options).clips
        #expect(clips.modalities["text"]?.values == [0, 0, 1, 2, 0, 0, 1, 2, 0, 5])
        #expect(clips.modalities["text"]?.replaced == [1, 0])
        #expect(clips.modalities["audio"]?.values == [1, 1, 0])
    }

    @Test func reportsOfOlderServersHaveNone() throws {
        let scratch = try ScratchDirectory()
        let report = SplitReader.inspect(path: try NPZSplitTests.write(scratch, NPZSplitTests.arrays()))
        var object = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
        object["warnings"] = nil
        let data = try JSONSerialization.data(withJSONObject: object)
        #expect(try JSONDecoder().decode(SplitReport.self, from: data).clips == 3)
    }
}

/// Finding the clips of a split again in another one.
@Suite struct SplitFingerprintsTests {
    private static func fingerprints(_ lines: String) throws -> SplitFingerprints {
        let scratch = try ScratchDirectory()
        let inspection = SplitReader.examine(path: try LineSplitTests.write(scratch, lines))
        #expect(inspection.report.problems.isEmpty)
        return inspection.fingerprints
    }

    private static let train = """
        {"id": "a", "labels": [0], "text": [[1, 2], [3, 4]]}
        {"id": "b", "labels": [1], "text": [[5, 6]]}
        {"labels": [1], "text": [[0, 0]]}
        """

    @Test func overlapOfIDsAndRows() throws {
        let test = """
            {"id": "b", "labels": [0], "text": [[7, 8]]}
            {"id": "c", "labels": [0], "text": [[1, 2], [3, 4]]}
            {"labels": [1], "text": [[0, 0]]}
            """
        let (train, other) = (try Self.fingerprints(Self.train), try Self.fingerprints(test))
        let warnings = other.overlap(with: train, named: "train")
        #expect(warnings.map(\.code) == [.sharedID, .sharedRows])
        #expect(warnings.map(\.examples) == [["clip 0 (b)"], ["clip 1 (c)"]])
        #expect(warnings.allSatisfy { $0.field == "train" && $0.count == 1 })
        // Clips without ids and clips of zeros are like all others of their kind.
        #expect(try Self.fingerprints("{\"labels\": [1], \"text\": [[0, 0]]}").overlap(with: train, named: "x").isEmpty)
    }

    @Test func anArchiveOfTheSameClipsIsTheSame() throws {
        let scratch = try ScratchDirectory()
        let path = try NPZSplitTests.write(
            scratch,
            [
                "text": NPYBytes.floats([3, 2, 2], [1, 2, 3, 4, 5, 6, 9, 9, 0, 0, 9, 9]),
                "lengths": NPYBytes.make("|u1", "(3,)", [2, 1, 1]),
                "id": NPYBytes.make("|S1", "(3,)", [97, 98, 0]),
                "labels": NPYBytes.make("|u1", "(3, 1)", [0, 1, 1]),
            ])
        let train = try Self.fingerprints(Self.train)
        let archive = SplitReader.examine(path: path).fingerprints
        #expect(archive.contents == train.contents && archive.ids == train.ids)
    }

    @Test func storedAndReadAgain() throws {
        let train = try Self.fingerprints(Self.train)
        let read = try #require(SplitFingerprints(train.data))
        #expect(read.ids == train.ids && read.contents == train.contents)
        #expect(train.data.count == 48)
        #expect(SplitFingerprints(train.data.dropLast()) == nil)
    }
}
