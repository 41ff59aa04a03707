import Engine
import Foundation
import TestSupport
import Testing

@testable import Emotion

/// What is said of arrays and lines that cannot be used: the true cause, and what to do about it.
@Suite struct SplitCureTests {
    /// The first reason for a split whose array `name` is another one.
    private static func reason(_ name: String, _ bytes: [UInt8]?, without other: String? = nil) throws -> String {
        var arrays = NPZSplitTests.arrays()
        if let other { arrays[other] = nil }
        arrays[name] = bytes
        let problem = try #require(try NPZSplitTests.problems(arrays).first)
        #expect(problem.field.hasPrefix(name))
        return problem.reason
    }

    @Test func labelsOfOtherShapesAndTypes() throws {
        let indices = try Self.reason("labels", NPYBytes.make("|u1", "(3, 1)", [0, 2, 5]))
        #expect(indices.contains("2 is neither 0 nor 1"))
        #expect(indices.contains("numpy.eye(labels.max() + 1, dtype='int64')[labels[:, 0]]"))
        let intensities = try Self.reason("labels", NPYBytes.floats([3, 1], [0.5, 1, 0]))
        #expect(intensities.contains("0.5 is neither 0 nor 1") && intensities.contains("(labels > 0)"))
        #expect(try Self.reason("labels", NPYBytes.floats([3], [0.5, 1, 0])).contains("(labels[:, None] > 0)"))
        #expect(try Self.reason("labels", NPYBytes.make("|u1", "(3,)", [0, 2, 5])).contains("numpy.eye("))
        #expect(try Self.reason("labels", NPYBytes.make("|u1", "()", [1])).contains("must be 0 and 1 [clips, labels]"))
        let text = try Self.reason("labels", NPYBytes.make("|S1", "(3, 1)", Array("aba".utf8)))
        #expect(text.contains("(labels[:, :, None] == numpy.unique(labels)).any(1)"))
        let huge = withUnsafeBytes(of: (1e300, 0.0, 1.0)) { Array($0) }
        #expect(try Self.reason("labels", NPYBytes.make("<f8", "(3, 1)", huge)).contains("1e+300 is neither"))
        let other = try Self.reason("emotions", NPYBytes.make("|u1", "(3, 2)", [1, 0, 0, 0, 1, 1]), without: "labels")
        #expect(other.contains("call them labels"))
        #expect(try Self.reason("label", NPYBytes.make("|u1", "(3, 1)", [1, 0, 0])).contains("both label and labels"))
        let names = try Self.reason("classes", NPYBytes.make("|S1", "(2,)", Array("ab".utf8)))
        #expect(names.contains("call it label_names"))
    }

    @Test func lengthsAndMasks() throws {
        #expect(
            try Self.reason("feature_lengths", NPYBytes.make("|u1", "(3,)", [1, 1, 1])).contains("are called lengths"))
        let mask = NPYBytes.make("|b1", "(3, 2)", [1, 1, 1, 0, 1, 0])
        #expect(try Self.reason("text_mask", mask).contains("lengths_text = text_mask.sum(axis=1)"))
        #expect(try Self.reason("lengths_text", mask).contains("lengths_text.sum(axis=1)"))
        let long = try Self.reason("lengths_text", NPYBytes.make("|u1", "(3,)", [1, 7, 1]))
        #expect(long.contains("7 is not a length of 0 to 2") && long.contains("numpy.minimum(lengths_text, 2)"))
        #expect(
            !(try Self.reason("lengths_text", NPYBytes.make("|i1", "(3,)", [1, 0xFF, 1])).contains("numpy.minimum")))
        #expect(try Self.reason("lengths_text", NPYBytes.make("|u1", "()", [1])).contains("must be numbers [clips]"))
    }

    @Test func lengthsOfAllModalities() throws {
        var arrays = NPZSplitTests.arrays()
        (arrays["lengths_text"], arrays["lengths_audio"]) = (nil, nil)
        arrays["lens"] = NPYBytes.make("|u1", "(3,)", [1, 1, 1])
        let scratch = try ScratchDirectory()
        let (clips, report) = try SplitReader.read(path: NPZSplitTests.write(scratch, arrays))
        #expect(clips.modalities["text"]?.lengths == [1, 1, 1])
        let warning = report.warnings.first { $0.code == .arrayRenamed }
        #expect(warning?.examples == ["lens as lengths"])
        #expect(warning?.detail == "an array is read under another name")
        arrays["lengths"] = arrays["lens"]
        #expect(try NPZSplitTests.problems(arrays).first?.reason.contains("both lens and lengths") == true)
    }

    @Test func idsThatAreNone() throws {
        #expect(try Self.reason("ids", NPYBytes.floats([3], [0, 1, 2])) == "must be text or integers; ids.astype(str)")
        #expect(try Self.reason("ids", NPYBytes.make("|S1", "(3,)", [0x61, 0xFF, 0x62])).contains("UTF-8"))
    }

    @Test func labelsAreLeftAloneWhereTheyAreOfNoUse() throws {
        var arrays = NPZSplitTests.arrays()
        arrays["labels"] = NPYBytes.floats([3], [.nan, 7, 0])
        arrays["label_names"] = NPYBytes.make("|S1", "(2,)", Array("aa".utf8))
        let scratch = try ScratchDirectory()
        var options = SplitOptions()
        (options.requiresLabels, options.ignoresLabels) = (false, true)
        #expect(try SplitReader.read(path: NPZSplitTests.write(scratch, arrays), options: options).clips.labels == nil)
    }

    @Test(arguments: ["NaN", "nan", "Infinity", "-Infinity", "inf"])
    func jsonHasNoNaN(word: String) throws {
        let problem = try #require(try LineSplitTests.problems(#"{"labels": [1], "text": [[1, \#(word)]]}"#).first)
        #expect(problem.reason.contains("JSON has no NaN and no infinity"))
        #expect(problem.reason.contains("replace_nonfinite"))
    }

    @Test func linesThatAreNoClips() throws {
        #expect(
            try LineSplitTests.problems(#"{"labels": [1], "text": [[]]}"#)[0].reason.contains("at least one feature"))
        var options = SplitOptions()
        options.labels = ["happy", "sad"]
        let unknown = try LineSplitTests.problems(#"{"labels": ["mad"], "text": [[1]]}"#, options: options)[0]
        #expect(unknown.reason.contains(#"no label "mad"; there are: happy, sad"#))
        #expect(
            try LineSplitTests.problems(#"{"labels": [1], "text": [["1"]]}"#)[0].reason.contains("numbers in quotes"))
    }

    @Test func unitsOfTooManyFeatures() throws {
        let unit = "0" + String(repeating: ",0", count: Modality.featureSizes.upperBound)
        let reason = try LineSplitTests.problems(#"{"labels": [1], "text": [[\#(unit)]]}"#)[0].reason
        #expect(reason.hasPrefix("1048577 features, at most 1048576"))
    }

    @Test(arguments: [String.Encoding.utf16LittleEndian, .utf16BigEndian])
    func linesInUTF16(encoding: String.Encoding) throws {
        let bytes = [UInt8](try #require(#"{"text": [[1]]}"#.data(using: encoding)))
        #expect(SplitFormat(start: bytes).fault == "is text in UTF-16; save it in UTF-8")
    }

    @Test func memoryOfASplitIsKnownBeforeItIsRead() throws {
        let scratch = try ScratchDirectory()
        var problems = SplitProblems(limit: 1)
        let path = try NPZSplitTests.write(scratch, NPZSplitTests.arrays())
        // Four units of text with two features, two of audio with one, six labels.
        #expect(NPZSplit(path: path, options: SplitOptions(), problems: &problems)?.byteCount == 4 * (4 * 2 + 2 + 6))
        #expect(Memory.shortage(.max, for: "the split")?.description.hasPrefix("the split needs about ") == true)
        #expect(Memory.shortage(1, for: "the split") == nil)
    }
}
