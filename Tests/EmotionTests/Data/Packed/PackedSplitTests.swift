import Engine
import Foundation
import Platform
import TestSupport
import Testing

@testable import Emotion

@Suite struct PackedSplitTests {
    /// Packs the split at `path`, and opens it.
    static func pack(
        _ path: String, in scratch: ScratchDirectory, options: SplitOptions = SplitOptions(), as name: String = "packed"
    ) throws -> PackedSplit {
        let writer = try PackedSplitWriter(path: scratch.file(name), scratchPath: scratch.file("scratch"))
        let inspection = try SplitReader.pack(path: path, into: writer, options: options)
        #expect(inspection.report == SplitReader.inspect(path: path, options: options))
        #expect(inspection.report.problemCount == 0)
        #expect(!FileManager.default.fileExists(atPath: scratch.file("scratch")))
        let split = try PackedSplit(path: scratch.file(name))
        #expect(split.contentDigest == writer.contentDigest)
        #expect(split.faultInRows() == nil)
        return split
    }

    /// Packs a split and expects of it what reading it into memory gives.
    @discardableResult
    static func roundTrip(
        _ path: String, in scratch: ScratchDirectory, options: SplitOptions = SplitOptions()
    ) throws -> Clips {
        let packed = try pack(path, in: scratch, options: options).clips
        let read = try SplitReader.read(path: path, options: options).clips
        #expect(packed.count == read.count && packed.modalities == read.modalities)
        #expect(packed.labels == read.labels && packed.labelCount == read.labelCount && packed.ids == read.ids)
        return packed
    }

    @Test(arguments: [false, true]) func archivesComeBackAsTheyAre(hasIDs: Bool) throws {
        let scratch = try ScratchDirectory()
        var arrays = NPZSplitTests.arrays()
        if hasIDs { arrays["ids"] = NPYBytes.make("|S2", "(3,)", Array("a\0bb\0\0".utf8)) }
        let clips = try Self.roundTrip(NPZSplitTests.write(scratch, arrays), in: scratch)
        #expect(clips.ids == (hasIDs ? ["a", "bb", ""] : nil))
    }

    @Test func linesComeBackAsTheyAre() throws {
        let scratch = try ScratchDirectory()
        let text = """
            {"id": "a", "labels": [1, 0], "text": [[1, 2], [3, 4]]}
            {"labels": [0, 1], "audio": [[7]], "text": []}
            {"id": "ü", "labels": [1, 1], "text": [[5, -0.0]], "audio": [[8], [9]]}
            """
        let clips = try Self.roundTrip(LineSplitTests.write(scratch, text), in: scratch)
        #expect(clips.ids == ["a", "", "ü"] && clips.modalities["audio"]?.lengths == [0, 1, 2])
    }

    @Test func modalitiesThatNoClipHas() throws {
        let scratch = try ScratchDirectory()
        var options = SplitOptions()
        options.modalities = [("audio", 1), ("text", 2), ("video", 3)].map { Modality(name: $0, featureSize: $1) }
        let clips = try Self.roundTrip(
            NPZSplitTests.write(scratch, NPZSplitTests.arrays()), in: scratch, options: options)
        #expect(clips.modalities["video"]?.lengths == [0, 0, 0])
    }

    @Test func splitsWithoutLabels() throws {
        let scratch = try ScratchDirectory()
        var options = SplitOptions()
        options.requiresLabels = false
        var arrays = NPZSplitTests.arrays()
        arrays["labels"] = nil
        #expect(try Self.roundTrip(NPZSplitTests.write(scratch, arrays), in: scratch, options: options).labels == nil)
    }

    @Test func replacedValuesAreCounted() throws {
        let scratch = try ScratchDirectory()
        var options = SplitOptions()
        options.replaceNonfinite = true
        var arrays = NPZSplitTests.arrays()
        arrays["text"] = NPYBytes.floats([3, 2, 2], [1, .nan, 3, .infinity, 5, 6, .nan, 9, 7, 8, 9, 9])
        let clips = try Self.roundTrip(NPZSplitTests.write(scratch, arrays), in: scratch, options: options)
        #expect(clips.modalities["text"]?.replaced == [0, 2] && clips.modalities["audio"]?.replaced == [])
    }

    @Test func columnMajorArraysComeInTheOrderOfTheClips() throws {
        let scratch = try ScratchDirectory()
        // [[1, 2], [3, 4]], [[5, 6], [9, 9]], [[7, 8], [9, 9]], the clips of a unit and feature together.
        let columns: [Float] = [1, 5, 7, 3, 9, 9, 2, 6, 8, 4, 9, 9]
        var arrays = NPZSplitTests.arrays()
        let plain = try Self.pack(NPZSplitTests.write(scratch, arrays), in: scratch)
        arrays["text"] = NPYBytes.make(
            "<f4", "(3, 2, 2)", fortran: true, columns.flatMap { ZipBytes.little($0.bitPattern) })
        let split = try Self.pack(NPZSplitTests.write(scratch, arrays), in: scratch, as: "columns")
        #expect(split.contentDigest == plain.contentDigest)
        #expect(split.clips.modalities["text"]?.values == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test func theDigestIsOfTheClipsAndNotOfTheirFormat() throws {
        let scratch = try ScratchDirectory()
        let archive = try Self.pack(NPZSplitTests.write(scratch, NPZSplitTests.arrays()), in: scratch)
        func digest(_ lines: [String]) throws -> String {
            let path = try LineSplitTests.write(scratch, lines.joined(separator: "\n"))
            return try Self.pack(path, in: scratch, as: UUID().uuidString).contentDigest
        }
        let lines = [
            #"{"text": [[1, 2], [3, 4]], "audio": [[0.5]], "labels": [1, 0]}"#,
            #"{"text": [[5, 6]], "labels": [0, 0]}"#,
            #"{"text": [[7, 8]], "audio": [[0.25]], "labels": [1, 1]}"#,
        ]
        #expect(try digest(lines) == archive.contentDigest)
        var digests = [archive.contentDigest]
        digests.append(try digest(lines.reversed()))
        digests.append(try digest(lines.map { $0.replacing("0.25", with: "0.75") }))
        digests.append(try digest(lines.map { $0.replacing("[1, 1]", with: "[1, 0]") }))
        digests.append(try digest(lines.map { $0.replacing("{", with: #"{"id": "a", "#) }))
        // The same rows in other clips.
        digests.append(
            try digest([
                #"{"text": [[1, 2]], "audio": [[0.5]], "labels": [1, 0]}"#,
                #"{"text": [[3, 4], [5, 6]], "labels": [0, 0]}"#, lines[2],
            ]))
        #expect(Set(digests).count == digests.count)
    }

    @Test func rowsLieOnTheirBoundary() throws {
        let scratch = try ScratchDirectory()
        _ = try Self.pack(NPZSplitTests.write(scratch, NPZSplitTests.arrays()), in: scratch)
        let file = try SafetensorsFile(path: scratch.file("packed"))
        for (name, entry) in file.tensors where name.hasPrefix("rows.") { #expect(entry.range.lowerBound % 64 == 0) }
        #expect(try file.floats("rows.text") == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(try file.int32s("lengths.audio") == [1, 0, 1] && file.int32s("labels") == [1, 0, 0, 0, 1, 1])
        #expect(SplitFormat(path: scratch.file("packed")) == .packed)
        #expect(throws: DatasetError.self) { try SplitReader.read(path: scratch.file("packed")) }
    }

    @Test func filesThatAreCutShortAreRefused() throws {
        let scratch = try ScratchDirectory()
        _ = try Self.pack(NPZSplitTests.write(scratch, NPZSplitTests.arrays()), in: scratch)
        let whole = Array(try Data(contentsOf: URL(filePath: scratch.file("packed"))))
        for count in 0..<whole.count {
            let path = try scratch.write("cut", whole.prefix(count))
            let error = #expect(throws: DatasetError.self) { try PackedSplit(path: path) }
            #expect(error?.file == "cut")
        }
        #expect(throws: DatasetError.self) { try PackedSplit(path: scratch.file("none")) }
    }

    /// Of every byte a bit is turned: whatever it is, the split is refused, or its rows are found to be others.
    @Test func filesThatWereChangedAreRefused() throws {
        let scratch = try ScratchDirectory()
        _ = try Self.pack(NPZSplitTests.write(scratch, NPZSplitTests.arrays()), in: scratch)
        let whole = Array(try Data(contentsOf: URL(filePath: scratch.file("packed"))))
        let tensors = try SafetensorsFile(path: scratch.file("packed")).tensors
        let padding = tensors.filter { $0.key.hasPrefix("padding.") }.map(\.value.range)
        let rows = tensors.filter { $0.key.hasPrefix("rows.") }.map(\.value.range)
        let original = try PackedSplit(path: scratch.file("packed"))
        for index in whole.indices where !padding.contains(where: { $0.contains(index) }) {
            var bytes = whole
            bytes[index] ^= 4
            let path = try scratch.write("changed", bytes)
            if rows.contains(where: { $0.contains(index) }) {
                #expect(try PackedSplit(path: path).faultInRows()?.problems[0].field.hasPrefix("rows.") == true)
            } else if let split = try? PackedSplit(path: path) {
                // Spaces of the header, and what it says of padding, mean nothing to the clips.
                #expect(split.contentDigest == original.contentDigest)
                #expect(split.clips.modalities == original.clips.modalities && split.faultInRows() == nil)
            }
        }
    }

    /// Headers whose digests agree, and whose tensors do not.
    @Test func tensorsThatDoNotAgreeAreRefused() throws {
        let scratch = try ScratchDirectory()
        _ = try Self.pack(NPZSplitTests.write(scratch, NPZSplitTests.arrays()), in: scratch)
        let file = try SafetensorsFile(path: scratch.file("packed"))
        func refused(_ change: (inout [String: (Safetensors.Declaration, [UInt8])]) -> Void) throws -> String? {
            var tensors: [String: (Safetensors.Declaration, [UInt8])] = [:]
            for (name, entry) in file.tensors where !name.hasPrefix("padding.") {
                tensors[name] = (
                    .init(name: name, dtype: entry.dtype, shape: entry.shape), Array(file.bytes(of: entry))
                )
            }
            change(&tensors)
            let path = try scratch.write("other", Self.bytes(tensors))
            let error = #expect(throws: DatasetError.self) { try PackedSplit(path: path) }
            return error?.problems.first?.field
        }
        func ints(_ name: String, _ values: [Int32]) -> (Safetensors.Declaration, [UInt8]) {
            (
                .init(name: name, dtype: .int32, shape: [values.count]),
                values.flatMap { ZipBytes.little(UInt32(bitPattern: $0)) }
            )
        }
        #expect(try refused { $0["lengths.text"] = ints("lengths.text", [2, 2, 1]) } == "lengths.text")
        #expect(try refused { $0["lengths.text"] = ints("lengths.text", [5, -2, 1]) } == "lengths.text")
        #expect(try refused { $0["lengths.text"] = ints("lengths.text", [2, 2]) } == "file")
        #expect(try refused { $0["lengths.text"] = nil } == "lengths.text")
        #expect(try refused { $0["replaced.audio"] = ints("replaced.audio", [0]) } == "replaced.audio")
        #expect(try refused { $0["labels"] = ints("labels", [0, 0, 0]) } == "labels")
        let fewer = Safetensors.Declaration(name: "labels", dtype: .uint8, shape: [2, 2])
        #expect(try refused { $0["labels"] = (fewer, [0, 0, 0, 0]) } == "labels")
        #expect(try refused { $0["ids"] = (.init(name: "ids", dtype: .uint8, shape: [1]), [65]) } == "id_lengths")
        #expect(try refused { $0 = $0.filter { !$0.key.hasPrefix("rows.") } } == "file")
    }

    /// A file of these tensors with digests that agree with them.
    private static func bytes(_ tensors: [String: (Safetensors.Declaration, [UInt8])]) -> [UInt8] {
        typealias Key = PackedSplitLayout.Key
        // Of the two rows, one ends in the middle of the boundaries.
        let declaration = Safetensors.Declaration(name: "padding.1", dtype: .uint8, shape: [32])
        let padding = (declaration, [UInt8](repeating: 0, count: 32))
        let rows = ["rows.text", "rows.audio"].compactMap { tensors[$0] }
        let order = rows + tensors.filter { !$0.key.hasPrefix("rows.") }.map(\.value)
        var metadata = [Key.format: PackedSplitLayout.format, Key.version: PackedSplitLayout.version]
        for (tensor, bytes) in order { metadata[Key.digest(tensor.name)] = SHA256.digest(of: bytes) }
        metadata[Key.contentDigest] = PackedSplitLayout.contentDigest(
            order.map { tensor, bytes in
                (name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, digest: SHA256.digest(of: bytes))
            })
        var file = order
        if !rows.isEmpty { file.insert(padding, at: 1) }
        return Safetensors.header(of: file.map(\.0), metadata: metadata, alignment: 64) + file.flatMap(\.1)
    }
}
