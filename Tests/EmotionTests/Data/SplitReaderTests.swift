import Foundation
import TestSupport
import Testing

@testable import Emotion

@Suite struct NPZSplitTests {
    /// Three clips of two modalities with padding; the second lacks audio.
    static func arrays() -> [String: [UInt8]] {
        [
            "text": NPYBytes.floats([3, 2, 2], [1, 2, 3, 4, 5, 6, 9, 9, 7, 8, 9, 9]),
            "audio": NPYBytes.floats([3, 1, 1], [0.5, 9, 0.25]),
            "lengths_text": NPYBytes.make("<i4", "(3,)", [2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]),
            "lengths_audio": NPYBytes.make("|u1", "(3,)", [1, 0, 1]),
            "labels": NPYBytes.make("|u1", "(3, 2)", [1, 0, 0, 0, 1, 1]),
        ]
    }

    static func write(_ scratch: ScratchDirectory, _ arrays: [String: [UInt8]]) throws -> String {
        try scratch.write(
            "train.npz",
            ZipBytes.make(arrays.sorted { $0.key < $1.key }.map { .init($0.key + ".npy", $0.value) })
        )
    }

    /// The problems of a split, which reading and inspecting agree on.
    static func problems(_ arrays: [String: [UInt8]], options: SplitOptions = SplitOptions()) throws -> [SplitProblem] {
        let scratch = try ScratchDirectory()
        let path = try write(scratch, arrays)
        let report = SplitReader.inspect(path: path, options: options)
        let error = #expect(throws: DatasetError.self) { try SplitReader.read(path: path, options: options) }
        #expect(error?.problems == report.problems)
        #expect(error?.problemCount == report.problemCount)
        #expect(error?.file == "train.npz")
        return report.problems
    }

    static func problems(
        with name: String,
        _ bytes: [UInt8],
        options: SplitOptions = SplitOptions()
    ) throws -> [SplitProblem] {
        var arrays = arrays()
        arrays[name] = bytes
        return try problems(arrays, options: options)
    }

    @Test func paddingIsDropped() throws {
        let scratch = try ScratchDirectory()
        let (clips, report) = try SplitReader.read(path: Self.write(scratch, Self.arrays()))
        #expect(clips.count == 3)
        #expect(
            clips.modalities["text"]
                == Sequences(featureSize: 2, lengths: [2, 1, 1], values: [1, 2, 3, 4, 5, 6, 7, 8])
        )
        #expect(clips.modalities["audio"] == Sequences(featureSize: 1, lengths: [1, 0, 1], values: [0.5, 0.25]))
        #expect(clips.labels == [1, 0, 0, 0, 1, 1])
        #expect(clips.labelCount == 2)
        #expect(report.labelCounts == [2, 1])
        #expect(report.unlabelledClips == 1)
        #expect(report.modalities.map(\.name) == ["audio", "text"])
        #expect(report.modalities[0].missingRate == 1.0 / 3)
        #expect(report.modalities[1].shape == [3, 2, 2])
        #expect(report.modalities[1].medianLength == 1)
        #expect(SplitReader.inspect(path: scratch.file("train.npz")) == report)
    }

    @Test func fortranOrderIsTheSameSplit() throws {
        let scratch = try ScratchDirectory()
        let (expected, _) = try SplitReader.read(path: Self.write(scratch, Self.arrays()))
        var arrays = Self.arrays()
        let transposed: [Float] = [1, 5, 7, 3, 9, 9, 2, 6, 8, 4, 9, 9]
        let data = transposed.flatMap { ZipBytes.little($0.bitPattern) }
        arrays["text"] = NPYBytes.make("<f4", "(3, 2, 2)", fortran: true, data)
        arrays["labels"] = NPYBytes.make("|b1", "(3, 2)", fortran: true, [1, 0, 1, 0, 0, 1])
        let (clips, _) = try SplitReader.read(path: Self.write(scratch, arrays))
        #expect(clips.modalities == expected.modalities)
        #expect(clips.labels == expected.labels)
    }

    @Test func lengthsForAllAndNoLengths() throws {
        let scratch = try ScratchDirectory()
        var arrays = Self.arrays()
        arrays["lengths_text"] = nil
        arrays["lengths_audio"] = nil
        arrays["lengths"] = NPYBytes.make("|u1", "(3,)", [1, 1, 0])
        arrays["audio"] = NPYBytes.floats([3, 2, 1], [1, 2, 3, 4, 5, 6])
        #expect(
            try Self.problems(arrays) == [
                SplitProblem(
                    row: 2,
                    field: "lengths",
                    reason: "the clip has no modality; leave out clips whose lengths are all 0"
                )
            ]
        )
        arrays["lengths"] = NPYBytes.make("|u1", "(3,)", [1, 2, 1])
        var clips = try SplitReader.read(path: Self.write(scratch, arrays)).clips
        #expect(clips.modalities["text"]?.lengths == [1, 2, 1])
        #expect(clips.modalities["audio"]?.values == [1, 3, 4, 5])
        arrays["lengths"] = nil
        clips = try SplitReader.read(path: Self.write(scratch, arrays)).clips
        #expect(clips.modalities["audio"]?.lengths == [2, 2, 2])
    }

    @Test func idsAreTakenAlong() throws {
        let scratch = try ScratchDirectory()
        var arrays = Self.arrays()
        arrays["ids"] = NPYBytes.make("|S2", "(3,)", Array("a\0bbc\0".utf8))
        #expect(try SplitReader.read(path: Self.write(scratch, arrays)).clips.ids == ["a", "bb", "c"])
        arrays["ids"] = NPYBytes.make("|S2", "(2,)", Array("a\0bb".utf8))
        #expect(try Self.problems(arrays).first?.field == "ids")
    }

    @Test func arraysThatAreNoModality() throws {
        for (name, bytes) in [
            ("extra", NPYBytes.make("|S2", "(3,)", [1, 1, 1, 1, 1, 1])), ("mean", NPYBytes.floats([2], [1, 2])),
            ("flat", NPYBytes.floats([3, 1], [1, 2, 3])), ("lengths_video", NPYBytes.make("|u1", "(3,)", [1, 1, 1])),
            ("empty", NPYBytes.floats([3, 0, 2], [])), ("é", NPYBytes.floats([3, 1, 1], [1, 2, 3])),
            ("void", NPYBytes.floats([3, 1, 0], [])),
        ] {
            #expect(try Self.problems(with: name, bytes).map(\.field) == [name])
        }
    }

    @Test func unknownModalityAndWrongFeatureSize() throws {
        var options = SplitOptions()
        options.modalities = [Modality(name: "text", featureSize: 3)]
        let problems = try Self.problems(Self.arrays(), options: options)
        #expect(problems.contains { $0.field == "audio" && $0.reason.contains("no such modality") })
        #expect(problems.contains { $0.field == "text" && $0.reason == "2 features, not 3" })
    }

    @Test func expectedModalitiesMayBeAbsent() throws {
        let scratch = try ScratchDirectory()
        var options = SplitOptions()
        options.modalities = ["text", "audio", "video"].map { Modality(name: $0, featureSize: $0 == "text" ? 2 : 1) }
        let (clips, report) = try SplitReader.read(path: Self.write(scratch, Self.arrays()), options: options)
        #expect(clips.modalities["video"]?.lengths == [0, 0, 0])
        #expect(report.modalities.last?.missingRate == 1)
    }

    @Test func numbersOfClipsThatDiffer() throws {
        let problems = try Self.problems(with: "labels", NPYBytes.make("|u1", "(2, 2)", [1, 0, 0, 1]))
        #expect(problems == [SplitProblem(field: "labels", reason: "2 clips, but audio has 3")])
    }

    @Test func labelsThatAreNotBinary() throws {
        let problems = try Self.problems(with: "labels", NPYBytes.floats([3, 2], [1, 0, 0.5, 1, .nan, 0]))
        #expect(problems.map(\.row) == [nil, 1, 2])
        #expect(problems.map(\.count) == [2, nil, nil])
        #expect(problems.map(\.field) == ["labels", "labels[0]", "labels[0]"])
        #expect(problems[0].reason.contains("(labels > 0).astype('int64')"))
        #expect(problems[1].reason == "0.5 is neither 0 nor 1")
    }

    @Test func labelsOfAnotherShape() throws {
        #expect(try Self.problems(with: "labels", NPYBytes.floats([3], [1, 0, 1])).map(\.field) == ["labels"])
        #expect(try Self.problems(with: "labels", NPYBytes.floats([3, 0], [])).map(\.field) == ["labels"])
        var options = SplitOptions()
        options.labels = ["happy", "sad", "angry"]
        #expect(try Self.problems(Self.arrays(), options: options).first?.reason == "2 labels, not 3")
    }

    @Test func splitsWithoutLabels() throws {
        var arrays = Self.arrays()
        arrays["labels"] = nil
        #expect(try Self.problems(arrays) == [SplitProblem(field: "labels", reason: "there are no labels")])
        var options = SplitOptions()
        options.requiresLabels = false
        let scratch = try ScratchDirectory()
        #expect(try SplitReader.read(path: Self.write(scratch, arrays), options: options).clips.labels == nil)
    }

    @Test func nonfiniteFeaturesAreNamed() throws {
        // The padding of clip 1 does not count.
        let values: [Float] = [1, 2, 3, .nan, 5, 6, .infinity, 9, -.infinity, 8, .nan, 9]
        let bytes = NPYBytes.floats([3, 2, 2], values)
        #expect(
            try Self.problems(with: "text", bytes) == [
                SplitProblem(
                    field: "text",
                    reason: """
                        2 values are not finite or do not fit a 32-bit float, such as clip 0, text[unit 1, feature 1]: nan is \
                        not finite; replace_nonfinite reads them as 0, and so does \
                        numpy.nan_to_num(text, nan=0, posinf=0, neginf=0)
                        """,
                    count: 2
                ),
                SplitProblem(row: 0, field: "text[unit 1, feature 1]", reason: "nan is not finite"),
                SplitProblem(row: 2, field: "text[unit 0, feature 0]", reason: "-inf is not finite"),
            ]
        )
        let transposed = [0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11].flatMap { ZipBytes.little(values[$0].bitPattern) }
        let fortran = NPYBytes.make("<f4", "(3, 2, 2)", fortran: true, transposed)
        #expect(
            Set(try Self.problems(with: "text", fortran).map(\.field)) == [
                "text", "text[unit 1, feature 1]", "text[unit 0, feature 0]",
            ]
        )
        var options = SplitOptions()
        options.replaceNonfinite = true
        for bytes in [bytes, fortran] {
            let scratch = try ScratchDirectory()
            var arrays = Self.arrays()
            arrays["text"] = bytes
            let (clips, report) = try SplitReader.read(path: Self.write(scratch, arrays), options: options)
            #expect(clips.modalities["text"]?.values == [1, 2, 3, 0, 5, 6, 0, 8])
            #expect(report.replacedValues == 2)
            #expect(clips.modalities["text"]?.replaced == [1, 1])
            let warning = report.warnings.first { $0.code == .nonfinite }
            #expect(warning?.field == "text" && warning?.count == 2)
            #expect(warning?.examples.contains("clip 0, text[unit 1, feature 1]: nan is not finite") == true)
        }
    }

    @Test func lengthsOutOfRange() throws {
        let lengths = ([3, -1, 1] as [Int32]).flatMap(ZipBytes.little)
        let problems = try Self.problems(with: "lengths_text", NPYBytes.make("<i4", "(3,)", lengths))
        // One is none, and one is too long: that has a cure.
        #expect(problems.map(\.row) == [1, 0])
        #expect(problems.allSatisfy { $0.field == "lengths_text" })
        #expect(try Self.problems(with: "lengths_text", NPYBytes.floats([3], [1, 1.5, 1])).map(\.row) == [1])
        #expect(
            try Self.problems(with: "lengths_text", NPYBytes.floats([3], [.nan, 1, .infinity])).map(\.row) == [
                nil, 0, 2,
            ]
        )
        var arrays = Self.arrays()
        arrays["lengths_audio"] = nil
        arrays["lengths"] = NPYBytes.make("|u1", "(3,)", [1, 2, 1])
        #expect(
            try Self.problems(arrays).first?.reason.hasPrefix("2 units, but audio has 1; where it was cut: ") == true)
    }

    @Test func emptySplits() throws {
        let problems = try Self.problems([
            "text": NPYBytes.floats([0, 2, 2], []), "labels": NPYBytes.floats([0, 2], []),
        ])
        #expect(problems == [SplitProblem(field: "file", reason: "there is no clip")])
        #expect(try Self.problems(["labels": NPYBytes.floats([1, 1], [1])]).first?.reason == "there is no modality")
        #expect(try Self.problems([:]).count == 1)
    }

    @Test func problemsAreCappedAndCounted() throws {
        var options = SplitOptions()
        options.maximumProblems = 3
        let scratch = try ScratchDirectory()
        let path = try Self.write(
            scratch,
            [
                "text": NPYBytes.floats([10, 1, 1], [Float](repeating: .nan, count: 10)),
                "labels": NPYBytes.floats([10, 1], [Float](repeating: 1, count: 10)),
            ]
        )
        let report = SplitReader.inspect(path: path, options: options)
        #expect(report.problems.count == 3)
        #expect(report.problemCount == 10)
        let error = #expect(throws: DatasetError.self) { try SplitReader.read(path: path, options: options) }
        #expect(
            error?.description == """
                train.npz: text: 10 values are not finite or do not fit a 32-bit float, such as clip 0, \
                text[unit 0, feature 0]: nan is not finite; replace_nonfinite reads them as 0, and so does \
                numpy.nan_to_num(text, nan=0, posinf=0, neginf=0)
                """
        )
    }

    @Test func archivesThatCannotBeReadAreProblemsToo() throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.write("train.npz", Array("PK and no more".utf8))
        let report = SplitReader.inspect(path: path)
        #expect(report.problems.map(\.field) == ["file"])
        #expect(SplitReader.inspect(path: scratch.file("none.npz")).problemCount == 1)
    }

    @Test func reportsAreCodedWithSnakeCaseKeys() throws {
        let scratch = try ScratchDirectory()
        let report = SplitReader.inspect(path: try Self.write(scratch, Self.arrays()))
        let data = try JSONEncoder().encode(report)
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["label_counts"] as? [Int] == [2, 1])
        #expect(object["problem_count"] as? Int == 0)
        #expect(try JSONDecoder().decode(SplitReport.self, from: data) == report)
    }
}

@Suite struct LineSplitTests {
    static func write(_ scratch: ScratchDirectory, _ text: String) throws -> String {
        try scratch.write("train.ndjson", text.utf8)
    }

    static func problems(_ text: String, options: SplitOptions = SplitOptions()) throws -> [SplitProblem] {
        let scratch = try ScratchDirectory()
        let path = try write(scratch, text)
        let report = SplitReader.inspect(path: path, options: options)
        #expect(throws: DatasetError.self) { try SplitReader.read(path: path, options: options) }
        return report.problems
    }

    @Test func clipsLineByLine() throws {
        let scratch = try ScratchDirectory()
        let text = """
            {"id": "a", "labels": [1, 0], "text": [[1, 2], [3, 4]], "audio": null}

            {"labels": [0, 1], "audio": [[7]], "text": []}\r
            {"id": "c", "labels": [1, 1], "text": [[5, 6]], "audio": [[8], [9]]}
            """
        let (clips, report) = try SplitReader.read(path: Self.write(scratch, text))
        #expect(clips.count == 3)
        #expect(clips.modalities["text"] == Sequences(featureSize: 2, lengths: [2, 0, 1], values: [1, 2, 3, 4, 5, 6]))
        #expect(clips.modalities["audio"] == Sequences(featureSize: 1, lengths: [0, 1, 2], values: [7, 8, 9]))
        #expect(clips.labels == [1, 0, 0, 1, 1, 1])
        #expect(clips.ids == ["a", "", "c"])
        #expect(report.labelCounts == [2, 2])
        #expect(report.modalities.map(\.shape) == [[3, 2, 1], [3, 2, 2]])
        #expect(SplitReader.inspect(path: scratch.file("train.ndjson")) == report)
        let signature = try SplitReader.signature(path: scratch.file("train.ndjson"))
        #expect(signature.modalities.map(\.featureSize) == [1, 2])
        #expect(signature.labelCount == 2)
    }

    @Test func labelsByName() throws {
        let scratch = try ScratchDirectory()
        var options = SplitOptions()
        options.labels = ["happy", "sad"]
        let text = #"{"labels": ["sad"], "text": [[1]]}"# + "\n" + #"{"labels": [], "text": [[1]]}"# + "\n"
        #expect(try SplitReader.read(path: Self.write(scratch, text), options: options).clips.labels == [0, 1, 0, 0])
        #expect(try Self.problems(#"{"labels": ["mad"], "text": [[1]]}"#, options: options).first?.field == "labels[0]")
        #expect(try Self.problems(#"{"labels": ["sad"], "text": [[1]]}"#).first?.field == "labels")
    }

    @Test(arguments: [
        (#"{"labels": [1], "text": [[1, 2], [3]]}"#, "text[unit 1]"),
        (#"{"labels": [1], "text": [[1, 2], [3, "x"]]}"#, "text[unit 1, feature 1]"),
        (#"{"labels": [2], "text": [[1]]}"#, "labels[0]"), (#"{"text": [[1, 2]]}"#, "labels"),
        (#"{"labels": [1]}"#, "clip"), (#"{"labels": [1], "text": [[1]]"#, "clip"), ("[]", "clip"),
        (#"{"labels": [1], "text": [[NaN]]}"#, "clip"), (#"{"labels": [1, 0], "text": [[1, 2]]}"#, "labels"),
        (#"{"labels": [1], "text": [[1]]}"#, "text"),
    ])
    func badLines(line: String, field: String) throws {
        let good = #"{"labels": [1], "text": [[1, 2]]}"#
        let problems = try Self.problems([good, line, good].joined(separator: "\n"))
        #expect(problems.map(\.field) == [field])
        #expect(problems.map(\.row) == [1])
    }

    @Test func emptyFilesAndLongLines() throws {
        #expect(try Self.problems("").first?.reason == "there is no clip")
        #expect(try Self.problems("\n \n").first?.reason == "there is no clip")
        var options = SplitOptions()
        options.maximumLineBytes = 100
        let long = #"{"labels": [1], "text": [["# + String(repeating: "1,", count: 3_000_000) + "1]]}"
        #expect(try Self.problems(long, options: options).first?.field == "line 1")
    }

    @Test func linesAcrossTheReadersChunks() throws {
        let scratch = try ScratchDirectory()
        let line = #"{"labels": [1], "text": [["# + String(repeating: "1,", count: 700_000) + "2]]}\n"
        let (clips, _) = try SplitReader.read(path: Self.write(scratch, line + line + line))
        #expect(clips.modalities["text"]?.lengths == [1, 1, 1])
        #expect(clips.modalities["text"]?.values.last == 2)
    }

    /// Problems of a file that need not have labels.
    private static func inspect(_ lines: [String]) throws -> [SplitProblem] {
        let scratch = try ScratchDirectory()
        var options = SplitOptions()
        options.requiresLabels = false
        return SplitReader.inspect(path: try write(scratch, lines.joined(separator: "\n")), options: options).problems
    }

    @Test func atMost256Modalities() throws {
        let lines = (0...300).map { "{\"m\($0)\": [[1]]}" }
        #expect(try Self.inspect(Array(lines.prefix(256))).isEmpty)
        let expected = SplitProblem(row: 256, field: "m256", reason: "with it there are more than 256 modalities")
        #expect(try Self.inspect(lines) == [expected])
        let members = (0...256).map { "\"m\($0)\": [[1]]" }.joined(separator: ",")
        #expect(try Self.inspect(["{\(members)}"]).map(\.field) == ["m256"])
    }

    /// A length for each clip and modality would take a hundred times the memory of the file.
    @Test func manyModalitiesOfClipsThatHaveHardlyAny() throws {
        let names = (0..<200).map { "{\"m\($0)\": [[1]]}" }
        let line = "{\"m0\":[[1]]}"
        #expect(try Self.inspect(names + Array(repeating: line, count: 100)).isEmpty)
        let early = try Self.inspect(names + Array(repeating: line, count: 600))
        #expect(early.map(\.field) == ["file"] && early[0].reason.contains("hardly any"))
        let late = try Self.inspect(Array(repeating: line, count: 600) + names)
        #expect(late.count == 1 && late[0].reason.contains("hardly any"))
    }

    @Test func namesInProblemsAreAsInTheFile() throws {
        let problems = try Self.problems(#"{"labels": [1], "a/b~1": [[1]]}"#)
        #expect(problems.map(\.field) == ["a/b~1"])
    }
}
