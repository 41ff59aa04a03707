import Foundation
import TestSupport
import Testing

@testable import Emotion

@Suite struct SyntheticDatasetTests {
    static func make(seed: UInt64 = 1) -> SyntheticDataset {
        var dataset = SyntheticDataset()
        dataset.clips = [.train: 300, .valid: 40, .test: 200]
        dataset.labels = ["happy", "sad", "angry"]
        dataset.seed = seed
        return dataset
    }

    @Test func aSeedMakesTheSameFiles() throws {
        let scratch = try ScratchDirectory()
        for (name, seed) in [("a", 1), ("b", 1), ("c", 2)] as [(String, UInt64)] {
            try Self.make(seed: seed).write(to: scratch.file(name))
        }
        func bytes(_ file: String) -> Data? { FileManager.default.contents(atPath: scratch.file(file)) }
        #expect(bytes("a/train.npz") == bytes("b/train.npz"))
        #expect(bytes("a/train.npz") != bytes("c/train.npz"))
        #expect(bytes("a/train.npz") != bytes("a/test.npz"))
    }

    @Test func textFailsInTheTestSplitOfModalityBias() throws {
        let scratch = try ScratchDirectory()
        var dataset = SyntheticDataset(.modalityBias)
        dataset.clips = [.train: 400, .valid: 0, .test: 400]
        dataset.labels = ["happy"]
        try dataset.write(to: scratch.path)
        let directory = try DatasetDirectory(path: scratch.path)
        /// How often a clip has no text, and how large the square of a feature of its text is.
        func text(_ split: DatasetDirectory.Split) throws -> (missing: Double, square: Double) {
            let clips = try directory.read(split).clips
            let text = try #require(clips.modalities["text"])
            let squares = text.values.reduce(0) { $0 + Double($1 * $1) }
            let missing = text.lengths.filter { $0 == 0 }.count
            return (Double(missing) / Double(clips.count), squares / Double(text.values.count))
        }
        let (train, test) = (try text(.train), try text(.test))
        #expect(train.missing == 0)
        #expect(abs(test.missing - 0.25) < 0.07)
        // Noise is 1, the signal adds 25 / 32 to half the units of the 30 % of clips that have the label.
        #expect(abs(train.square - 1.12) < 0.05)
        // Of the clips that have text, a third have noise.
        #expect(abs(test.square - 1.08) < 0.04)
        #expect(test.square < train.square)
    }

    @Test func everyClipKeepsAModalityThatIsNotSpoiled() throws {
        let scratch = try ScratchDirectory()
        var dataset = SyntheticDataset(.modalityBias)
        dataset.clips = [.train: 50, .valid: 50, .test: 200]
        dataset.missingRate = 1
        try dataset.write(to: scratch.path)
        let directory = try DatasetDirectory(path: scratch.path)
        for split in directory.splits {
            let clips = try directory.read(split).clips
            let kept = (0..<clips.count).map { clip in
                clips.modalities.values.filter { $0.lengths[clip] > 0 }.count
            }
            #expect(kept.allSatisfy { $0 == 1 })
        }
    }

    @Test func aSpoiledModalityCannotBeTheOnlyOne() async {
        await #expect(processExitsWith: .failure) {
            var dataset = SyntheticDataset(.modalityBias)
            dataset.sources.removeAll { $0.name != "text" }
            try dataset.write(to: NSTemporaryDirectory() + "limbic-\(UUID())")
        }
    }

    @Test func nemuHasItsShape() throws {
        let scratch = try ScratchDirectory()
        var dataset = SyntheticDataset(.nemu)
        dataset.clips = [.train: 3, .valid: 0, .test: 0]
        try dataset.write(to: scratch.path)
        let directory = try DatasetDirectory(path: scratch.path)
        #expect(directory.labels.count == 12)
        #expect(
            directory.modalities == [
                Modality(name: "audio", featureSize: 74), Modality(name: "comments", featureSize: 300),
                Modality(name: "image", featureSize: 2048), Modality(name: "lyrics", featureSize: 300),
            ])
        #expect(try directory.read(.train).clips.modalities["image"]?.lengths.allSatisfy { $0 <= 1 } == true)
    }

    @Test func sizesAreAsAskedFor() throws {
        let scratch = try ScratchDirectory()
        try Self.make().write(to: scratch.path)
        let directory = try DatasetDirectory(path: scratch.path)
        #expect(directory.name == "synthetic")
        #expect(directory.labels == ["happy", "sad", "angry"])
        #expect(directory.modalities.map(\.name) == ["audio", "text", "video"])
        #expect(directory.splits == [.train, .valid, .test])
        let (clips, report) = try directory.read(.train)
        #expect(clips.count == 300)
        #expect(clips.labelCount == 3)
        for modality in report.modalities {
            #expect(modality.minimumLength == 3)
            #expect(modality.missingRate > 0.02 && modality.missingRate < 0.2)
        }
        #expect(clips.unitCounts.allSatisfy { $0 > 0 })
        #expect(report.labelCounts.allSatisfy { $0 > 50 && $0 < 130 })
    }

    /// The means of the units, and per label the difference of the mean clip with and without it as a classifier.
    static func scores(_ train: Clips, _ test: Clips, modalities: [String]) -> Double {
        func features(_ clips: Clips) -> [[Float]] {
            (0..<clips.count).map { clip in
                modalities.flatMap { name -> [Float] in
                    guard let sequences = clips.modalities[name] else { return [] }
                    var mean = [Float](repeating: 0, count: sequences.featureSize)
                    for row in sequences.offsets[clip]..<sequences.offsets[clip + 1] {
                        for index in mean.indices {
                            mean[index] += sequences.values[row * mean.count + index] / Float(sequences.lengths[clip])
                        }
                    }
                    return mean
                }
            }
        }
        let trainFeatures = features(train)
        let testFeatures = features(test)
        let width = trainFeatures[0].count
        var probabilities = [Float](repeating: 0, count: test.count * test.labelCount)
        for label in 0..<train.labelCount {
            var direction = [Float](repeating: 0, count: width)
            let flags = (0..<train.count).map { train.labels?[$0 * train.labelCount + label] ?? 0 }
            let positives = flags.reduce(0, +)
            for (clip, flag) in flags.enumerated() {
                let weight = flag == 1 ? 1 / positives : -1 / (Float(train.count) - positives)
                for index in 0..<width { direction[index] += weight * trainFeatures[clip][index] }
            }
            for clip in 0..<test.count {
                let score = zip(direction, testFeatures[clip]).reduce(0) { $0 + $1.0 * $1.1 }
                // In the order of the scores, and from 0 to 1.
                probabilities[clip * test.labelCount + label] = 0.5 + 0.5 * score / (1 + abs(score))
            }
        }
        let metrics = Metrics(
            probabilities: probabilities,
            truth: test.labels ?? [],
            labels: (0..<test.labelCount).map(String.init),
            thresholds: .fixed(0.5, labels: test.labelCount)
        )
        return metrics.macroAUROC ?? 0
    }

    @Test func theSignalIsInSeveralModalities() throws {
        let scratch = try ScratchDirectory()
        try Self.make().write(to: scratch.path)
        let directory = try DatasetDirectory(path: scratch.path)
        let train = try directory.read(.train).clips
        let test = try directory.read(.test).clips
        let all = Self.scores(train, test, modalities: ["audio", "text", "video"])
        #expect(all > 0.9)
        for modality in ["audio", "text", "video"] {
            let one = Self.scores(train, test, modalities: [modality])
            #expect(one > 0.6 && one < all)
        }
    }
}

@Suite struct DatasetDirectoryTests {
    static func write(_ scratch: ScratchDirectory, _ file: String, text: Int = 2, labels: Int = 2) throws {
        let writer = try NPZWriter(path: scratch.file(file))
        try writer.add("text", shape: [2, 1, text], [Float](repeating: 1, count: 2 * text))
        try writer.add("labels", shape: [2, labels], [UInt8](repeating: 1, count: 2 * labels))
        try writer.close()
    }

    static func failure(_ scratch: ScratchDirectory) throws -> DatasetError {
        try #require(#expect(throws: DatasetError.self) { try DatasetDirectory(path: scratch.path) })
    }

    @Test func labelsWithoutNamesAreNumbered() throws {
        let scratch = try ScratchDirectory()
        try Self.write(scratch, "train.npz")
        try Self.write(scratch, "test.npz")
        let directory = try DatasetDirectory(path: scratch.path)
        #expect(directory.labels == ["label_0", "label_1"])
        #expect(directory.splits == [.train, .test])
        #expect(directory.name == (scratch.path as NSString).lastPathComponent)
        #expect(try directory.inspect(.test).clips == 2)
        #expect(throws: DatasetError.self) { try directory.read(.valid) }
    }

    @Test func splitsAgree() throws {
        let scratch = try ScratchDirectory()
        try Self.write(scratch, "train.npz")
        try Self.write(scratch, "valid.npz", text: 3)
        #expect(try Self.failure(scratch).description == "valid.npz: text: 3 features, in train.npz 2 features")
        try Self.write(scratch, "valid.npz", labels: 3)
        #expect(try Self.failure(scratch).description == "valid.npz: labels: 3 labels, in train.npz 2")
        let writer = try NPZWriter(path: scratch.file("valid.npz"))
        try writer.add("audio", shape: [1, 1, 2], [1, 1] as [Float])
        try writer.add("labels", shape: [1, 2], [1, 1] as [UInt8])
        try writer.close()
        #expect(try Self.failure(scratch).description == "valid.npz: audio: 2 features, in train.npz absent")
    }

    @Test func namesInTheDescription() throws {
        let scratch = try ScratchDirectory()
        try Self.write(scratch, "train.npz")
        _ = try scratch.write("meta.json", #"{"name": "mine", "labels": ["a", "b"], "features": {"x": 1}}"#.utf8)
        #expect(try DatasetDirectory(path: scratch.path).labels == ["a", "b"])
        for bad in [
            #"{"labels": ["a"]}"#, #"{"labels": ["a", "a"]}"#, #"{"labels": []}"#, #"{"labels": 7}"#, "{", "[]",
        ] {
            _ = try scratch.write("meta.json", bad.utf8)
            _ = try Self.failure(scratch)
        }
    }

    @Test func directoriesWithoutSplits() throws {
        let scratch = try ScratchDirectory()
        #expect(try Self.failure(scratch).problems.first?.field == "train")
    }

    @Test func linesAndArchivesMix() throws {
        let scratch = try ScratchDirectory()
        try Self.write(scratch, "train.npz")
        _ = try scratch.write("meta.json", #"{"labels": ["a", "b"]}"#.utf8)
        _ = try scratch.write("test.ndjson", #"{"labels": ["b"], "text": [[1, 2]]}"#.utf8)
        let directory = try DatasetDirectory(path: scratch.path)
        #expect(try directory.read(.test).clips.labels == [0, 1])
    }

    @Test func whatATrainingLacks() throws {
        let scratch = try ScratchDirectory()
        try Self.write(scratch, "test.npz")
        try Self.write(scratch, "dev.npz")
        var missing = try DatasetDirectory(path: scratch.path).missing
        #expect(missing.map(\.field) == ["train", "valid"])
        #expect(missing.last?.reason.contains("is it dev.npz?") == true)
        try Self.write(scratch, "train.npz")
        try Self.write(scratch, "valid.npz")
        missing = try DatasetDirectory(path: scratch.path).missing
        #expect(missing.isEmpty)
    }

    @Test func twoFilesOfASplit() throws {
        let scratch = try ScratchDirectory()
        try Self.write(scratch, "train.npz")
        _ = try scratch.write("train.jsonl", #"{"labels": [1, 1], "text": [[1, 2]]}"#.utf8)
        #expect(try Self.failure(scratch).problems.first?.reason == "there is also train.npz; one has to go")
    }

    @Test func namesInASplit() throws {
        let scratch = try ScratchDirectory()
        func write(_ file: String, _ names: String?) throws {
            var arrays = [
                "text": NPYBytes.floats([1, 1, 1], [1]), "labels": NPYBytes.make("|u1", "(1, 2)", [0, 1]),
            ]
            arrays["label_names"] = names.map { NPYBytes.make("|S1", "(2,)", Array($0.utf8)) }
            let entries = arrays.sorted { $0.key < $1.key }.map { ZipBytes.Entry($0.key + ".npy", $0.value) }
            _ = try scratch.write(file, ZipBytes.make(entries))
        }
        try write("train.npz", nil)
        try write("valid.npz", "ab")
        #expect(try DatasetDirectory(path: scratch.path).labels == ["a", "b"])
        try write("test.npz", "ba")
        #expect(try Self.failure(scratch).problems.first?.field == "label_names[0]")
        try write("test.npz", "ab")
        _ = try scratch.write("meta.json", #"{"labels": ["a", "c"]}"#.utf8)
        #expect(try Self.failure(scratch).problems.first?.reason.contains("calls this label \"c\"") == true)
    }
}
