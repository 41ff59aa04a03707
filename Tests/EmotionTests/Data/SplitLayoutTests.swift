import Foundation
import TestSupport
import Testing

@testable import Emotion

/// Arrays under other names and of other shapes than Limbic's.
@Suite struct SplitLayoutTests {
    private static func problem(_ name: String, _ bytes: [UInt8], options: SplitOptions = .init()) throws -> String {
        let problems = try NPZSplitTests.problems(with: name, bytes, options: options)
        #expect(problems.first?.field == name)
        return problems.first?.reason ?? ""
    }

    private static func read(_ arrays: [String: [UInt8]]) throws -> (clips: Clips, report: SplitReport) {
        let scratch = try ScratchDirectory()
        return try SplitReader.read(path: NPZSplitTests.write(scratch, arrays))
    }

    @Test(arguments: ["audio_lengths", "audio_length", "audio_lens", "audio_len"])
    func lengthsOfOtherToolkits(name: String) throws {
        var arrays = NPZSplitTests.arrays()
        arrays[name] = arrays.removeValue(forKey: "lengths_audio")
        let (clips, report) = try Self.read(arrays)
        #expect(clips.modalities["audio"]?.lengths == [1, 0, 1])
        #expect(report.warnings.first { $0.code == .arrayRenamed }?.examples == ["\(name) as lengths_audio"])
        arrays["lengths_audio"] = arrays[name]
        #expect(throws: DatasetError.self) { try Self.read(arrays) }
    }

    @Test func singularNames() throws {
        var arrays = NPZSplitTests.arrays()
        arrays["label"] = arrays.removeValue(forKey: "labels")
        arrays["lengths_text"] = nil
        arrays["lengths_audio"] = nil
        arrays["length"] = NPYBytes.make("|u1", "(3,)", [1, 1, 1])
        let (clips, report) = try Self.read(arrays)
        #expect(clips.labels == [1, 0, 0, 0, 1, 1])
        #expect(clips.modalities["text"]?.lengths == [1, 1, 1])
        #expect(report.warnings.first { $0.code == .arrayRenamed }?.count == 2)
    }

    @Test(arguments: ["clip_id", "utterance_ids"])
    func theOnlyTextThatCanBeIDs(name: String) throws {
        var arrays = NPZSplitTests.arrays()
        arrays[name] = NPYBytes.make("|S1", "(3,)", Array("abc".utf8))
        #expect(try Self.read(arrays).clips.ids == ["a", "b", "c"])
        arrays["speaker_id"] = NPYBytes.make("|S1", "(3,)", Array("xyx".utf8))
        #expect(throws: DatasetError.self) { try Self.read(arrays) }
    }

    @Test func otherTextHasToGo() throws {
        var arrays = NPZSplitTests.arrays()
        arrays["audio_lengths"] = arrays.removeValue(forKey: "lengths_audio")
        arrays["raw_text"] = NPYBytes.make("|S1", "(3,)", Array("abc".utf8))
        let problems = try NPZSplitTests.problems(arrays)
        #expect(
            problems == [
                SplitProblem(
                    field: "raw_text",
                    reason: "is text [3], but neither ids nor label_names; leave it out; "
                        + "read were audio_lengths as lengths_audio")
            ])
    }

    @Test func namesOfLabels() throws {
        var arrays = NPZSplitTests.arrays()
        arrays["label_names"] = NPYBytes.make("|S5", "(2,)", Array("happysad\0\0".utf8))
        let (_, report) = try Self.read(arrays)
        #expect(report.labelNames == ["happy", "sad"])
        var options = SplitOptions()
        options.labels = ["happy", "angry"]
        let problems = try NPZSplitTests.problems(arrays, options: options)
        #expect(
            problems == [
                SplitProblem(field: "label_names[1]", reason: "\"sad\", but the data set calls this label \"angry\"")
            ])
    }

    @Test(
        arguments: [
            ("|S1", "(3,)", [97, 98, 99], "a name for each label"), ("|S1", "(2,)", [97, 97], "comes twice"),
            ("|S3", "(2,)", [97, 0, 97, 98, 0, 0], "control character"), ("|u1", "(2,)", [1, 2], "must be text"),
            ("|S1", "(2,)", [97, 0], "1 to 200 characters"),
        ] as [(String, String, [UInt8], String)])
    func namesOfLabelsThatAreNone(descriptor: String, shape: String, data: [UInt8], reason: String) throws {
        #expect(try Self.problem("label_names", NPYBytes.make(descriptor, shape, data)).contains(reason))
    }

    @Test func shapesSayWhatToDo() throws {
        #expect(try Self.problem("audio", NPYBytes.floats([3, 1], [1, 2, 3])).contains("audio[:, None, :]"))
        #expect(try Self.problem("audio", NPYBytes.floats([3, 0, 7], [])).contains("not shape [3, 0, 7]"))
        #expect(try Self.problem("audio", NPYBytes.floats([3, 7, 0], [])).contains("not shape [3, 7, 0]"))
        #expect(
            try Self.problem("labels", NPYBytes.make("|u1", "(3,)", [0, 1, 0])).contains("numpy.eye(labels.max() + 1"))
        #expect(
            try Self.problem("labels", NPYBytes.make("|S1", "(3,)", [97, 98, 99])).contains("numpy.unique(labels)"))
        #expect(try Self.problem("lengths_text", NPYBytes.make("|u1", "(3, 1)", [1, 1, 1])).contains("reshape(-1)"))
        #expect(try Self.problem("ids", NPYBytes.make("|S1", "(3, 1)", [97, 98, 99])).contains("ids[:, 0]"))
        var options = SplitOptions()
        options.modalities = [Modality(name: "text", featureSize: 2), Modality(name: "audio", featureSize: 4)]
        let values = [Float](repeating: 1, count: 36)
        #expect(
            try Self.problem("audio", NPYBytes.floats([3, 4, 3], values), options: options).contains("numpy.swapaxes"))
    }

    @Test func arraysWithoutNames() throws {
        let problems = try NPZSplitTests.problems([
            "arr_0": NPYBytes.floats([1, 1, 1], [1]), "arr_1": NPYBytes.floats([1, 1], [1]),
        ])
        #expect(problems.map(\.field) == ["arr_0"])
        #expect(problems.first?.reason.contains("numpy.savez(path, text=text, labels=labels)") == true)
    }

    @Test func idsThatAreTooLongOrHoldANul() throws {
        var bytes = [UInt8](repeating: 0, count: 3 * 2000)
        bytes.replaceSubrange(2000..<4000, with: repeatElement(97, count: 2000))
        var problems = try NPZSplitTests.problems(with: "ids", NPYBytes.make("|S2000", "(3,)", bytes))
        #expect(problems.map(\.row) == [1])
        #expect(problems.first?.reason.contains("longer than 1024 bytes") == true)
        problems = try NPZSplitTests.problems(with: "ids", NPYBytes.make("|S3", "(3,)", Array("aaab\0bccc".utf8)))
        #expect(problems.map(\.row) == [1])
        #expect(problems.first?.reason.contains("NUL") == true)
        problems = try LineSplitTests.problems(#"{"id": "a\u0000b", "labels": [1], "text": [[1]]}"#)
        #expect(problems.map(\.field) == ["id"])
        let long = #"{"id": "\#(String(repeating: "a", count: 1025))", "labels": [1], "text": [[1]]}"#
        #expect(try LineSplitTests.problems(long).map(\.field) == ["id"])
    }

    @Test func numbersBeyondFloat32() throws {
        let values = [1, 1e300, 2].flatMap { ZipBytes.little($0.bitPattern) }
        let array = NPYBytes.make("<f8", "(3, 1, 1)", values)
        var arrays = NPZSplitTests.arrays()
        arrays["audio"] = array
        arrays["lengths_audio"] = nil
        let problems = try NPZSplitTests.problems(arrays)
        #expect(problems.first?.row == 1)
        #expect(problems.first?.reason.hasPrefix("1e+300 does not fit a 32-bit float; replace_nonfinite") == true)
        arrays["audio"] = NPYBytes.make(
            ">f8", "(3, 1, 1)", [1, 1e300, 2].flatMap { ZipBytes.little($0.bitPattern.byteSwapped) })
        #expect(try NPZSplitTests.problems(arrays) == problems)
    }

    @Test func clipsThatAreTooLong() throws {
        var options = SplitOptions()
        options.maximumClipUnits = 2
        var problems = try NPZSplitTests.problems(NPZSplitTests.arrays(), options: options)
        #expect(problems.map(\.row) == [0])
        #expect(problems.first?.reason.hasPrefix("3 units in all, at most 2") == true)
        problems = try LineSplitTests.problems(
            #"{"labels": [1], "text": [[1], [2]], "audio": [[1]]}"#, options: options)
        #expect(problems.first?.reason.hasPrefix("3 units in all, at most 2") == true)
    }

    @Test func manyClipsOfFewBytes() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.file("train.npz")
        let writer = try NPZWriter(path: path)
        for name in ["a", "b", "c", "labels"] {
            let shape = name == "labels" ? [500_000, 1] : [500_000, 1, 1]
            try writer.add(name, shape: shape, [UInt8](repeating: 0, count: 500_000))
        }
        try writer.close()
        let problem = try #require(SplitReader.inspect(path: path).problems.first)
        #expect(problem.field == "file")
        #expect(problem.reason.hasPrefix("500000 clips of 3 modalities in "))
    }

    @Test func problemsOfOneCauseAreSummedUp() throws {
        var arrays = NPZSplitTests.arrays()
        for name in ["lengths_text", "lengths_audio"] { arrays[name] = nil }
        arrays["text"] = NPYBytes.floats([40, 1, 1], [Float](repeating: .nan, count: 40))
        arrays["audio"] = NPYBytes.floats([40, 1, 1], [Float](repeating: .infinity, count: 40))
        arrays["labels"] = NPYBytes.floats([40, 2], [Float](repeating: 1 / 3, count: 80))
        let scratch = try ScratchDirectory()
        let report = SplitReader.inspect(path: try NPZSplitTests.write(scratch, arrays))
        #expect(report.problemCount == 160)
        #expect(report.problems.count <= 20)
        #expect(report.problems.filter { $0.count != nil }.map(\.field) == ["audio", "text", "labels"])
        #expect(report.problems.compactMap(\.count) == [40, 40, 80])
    }
}

/// Files that are no splits, told in a sentence.
@Suite struct SplitFormatTests {
    @Test(
        arguments: [
            (Array("id,text,label\n1,hello,0\n".utf8), "neither an npz archive nor lines of JSON objects"),
            ([0x80, 0x04, 0x95, 0x10], "pickle"), ([0x93] + Array("NUMPY".utf8) + [1, 0], "numpy.savez"),
            ([0x1F, 0x8B, 8, 0], "gunzip"), ([UInt8](repeating: 97, count: 257) + Array("ustar".utf8), "tar archive"),
            (Array("[{\"text\": [[1]]}]".utf8), "jq -c"), ([0xFF, 0xFE, 0x7B, 0x00], "UTF-16"),
            ([0x89] + Array("HDF\r\n".utf8), "HDF5"), (Array("PAR1".utf8), "Parquet"),
            ([8, 0, 0, 0, 0, 0, 0, 0] + Array("{\"x\": {}}".utf8), "safetensors"),
        ] as [([UInt8], String)])
    func foreignFiles(bytes: [UInt8], reason: String) throws {
        let scratch = try ScratchDirectory()
        let file = try scratch.write("train.npz", bytes)
        let report = SplitReader.inspect(path: file)
        #expect(report.problemCount == 1 && report.problems.first?.field == "file")
        #expect(report.problems.first?.reason.contains(reason) == true, "\(report.problems)")
        #expect(throws: DatasetError.self) { try SplitReader.signature(path: file) }
    }

    @Test func byteOrderMarks() throws {
        let scratch = try ScratchDirectory()
        let line = SplitFormat.byteOrderMark + Array(#"{"labels": ["b"], "text": [[1, 2]]}"#.utf8)
        for split in ["train", "valid"] { _ = try scratch.write("\(split).ndjson", line) }
        _ = try scratch.write("meta.json", SplitFormat.byteOrderMark + Array(#"{"labels": ["a", "b"]}"#.utf8))
        let directory = try DatasetDirectory(path: scratch.path)
        #expect(try directory.read(.train).clips.labels == [0, 1])
    }

    @Test func onlyFilesAreRead() throws {
        let scratch = try ScratchDirectory()
        #expect(SplitReader.inspect(path: scratch.path).problems.first?.reason == "there is no regular file")
    }
}
