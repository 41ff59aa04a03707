import Emotion
import Foundation
import JSON
import Jobs
import Testing

@testable import Service

/// `limbic dataset` and what else reads splits from the command line, as a user runs it.
struct DatasetCommandTests {
    private final class Scratch {
        let url = URL.temporary()

        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(at: url) }

        func write(_ name: String, _ text: String) throws -> String {
            let file = url.appending(path: name)
            try Data(text.utf8).write(to: file)
            return file.path
        }
    }

    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func limbic(
        _ arguments: String...,
        input: URL? = nil
    ) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: ServiceConfiguration.make(scratch.url).workerExecutable)
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        // What goes to standard error is less than a pipe holds.
        let texts = try [output, errors].map { pipe in
            String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
        process.waitUntilExit()
        return (process.terminationStatus, texts[0], texts[1])
    }

    private func inspect(_ path: String, replacing: Bool = false) throws -> (status: Int32, json: JSONValue) {
        let process =
            replacing
            ? try limbic("dataset", "inspect", path, "--json", "--replace-nonfinite")
            : try limbic("dataset", "inspect", path, "--json")
        return (process.status, try JSONReader.value(Array(process.output.utf8)))
    }

    private static func lines(_ ids: Range<Int>, value: (Int) -> String = { "\($0 + 1)" }) -> String {
        ids.map {
            #"{"id": "c\#($0)", "labels": [\#($0 % 2), \#(($0 + 1) % 2)], "text": [[\#(value($0)), 7], [3, 4]]}"#
        }
        .joined(separator: "\n")
    }

    @Test func inspectTellsWhatATrainingLacks() throws {
        _ = try scratch.write("train.ndjson", Self.lines(0..<6))
        _ = try scratch.write("dev.ndjson", Self.lines(10..<14))
        let (status, json) = try inspect(scratch.url.path)
        #expect(status == 65)
        #expect(json["usable"] == .bool(false))
        #expect(json["problems"].elements.map { $0["field"].text } == ["valid"])
        #expect(json["problems"][0]["reason"].text?.contains("is it dev.ndjson?") == true)
        let trained = try limbic("train", "--data", scratch.url.path, "--out", scratch.url.path + "/model", "--quiet")
        #expect(trained.status == 65)
        try FileManager.default.moveItem(
            at: scratch.url.appending(path: "dev.ndjson"), to: scratch.url.appending(path: "valid.ndjson"))
        #expect(try inspect(scratch.url.path).status == 0)
    }

    @Test func inspectTellsOfLabelsThatDoNotFitTheirNames() throws {
        for split in ["train", "valid"] { _ = try scratch.write("\(split).ndjson", Self.lines(0..<6)) }
        _ = try scratch.write("meta.json", #"{"labels": ["a", "b", "c"]}"#)
        #expect(try inspect(scratch.url.path).status == 65)
    }

    @Test func inspectComparesSplits() throws {
        _ = try scratch.write("train.ndjson", Self.lines(0..<6))
        _ = try scratch.write("valid.ndjson", Self.lines(4..<9))
        let (status, json) = try inspect(scratch.url.path)
        #expect(status == 0)
        let warnings = json["splits"][1]["report"]["warnings"].elements
        #expect(warnings.map { $0["code"].text } == ["shared_id", "shared_rows"])
        #expect(warnings.first?["examples"] == .array([.string("clip 0 (c4)"), .string("clip 1 (c5)")]))
        #expect(try limbic("dataset", "inspect", scratch.url.path).output.contains("warning: 2 clips with an id"))
    }

    @Test func inspectReplacesOnlyWhenTold() throws {
        let file = try scratch.write("train.ndjson", Self.lines(0..<6) { $0 == 2 ? "null" : "\($0)" })
        #expect(try inspect(file).status == 65)
        let (status, json) = try inspect(file, replacing: true)
        #expect(status == 0)
        #expect(json["splits"][0]["report"]["replaced_values"] == .integer(1))
    }

    @Test func foreignFilesTakeOneSentence() throws {
        let csv = try scratch.write("data.csv", String(repeating: "1,hello,0\n", count: 300))
        let inspected = try limbic("dataset", "inspect", csv)
        #expect(inspected.status == 65)
        #expect(inspected.errors == "limbic: data.csv: file: is neither an npz archive nor lines of JSON objects\n")
        #expect(inspected.output.components(separatedBy: "problem").count == 2)
    }

    @Test func modalitiesAddUp() throws {
        let out = scratch.url.appending(path: "made").path
        let made = try limbic(
            "dataset", "synthesize", "--out", out, "--clips", "4,2,2", "--modalities", "text:3:2", "--modalities",
            "audio:2:1")
        #expect(made.status == 0)
        #expect(try DatasetDirectory(path: out).modalities.map(\.name) == ["audio", "text"])
        let twice = try limbic(
            "dataset", "synthesize", "--out", out + "2", "--modalities", "text:3:2", "--modalities", "text:2:1")
        #expect(twice.status == 64)
        #expect(twice.errors.contains("--modalities names text twice"))
    }

    @Test func inspectAndClipsReadStandardInput() throws {
        let lines = try scratch.write("train.ndjson", Self.lines(0..<3))
        let inspected = try limbic("dataset", "inspect", "-", input: URL(filePath: lines))
        #expect(inspected.status == 0 && inspected.output.contains("standard input: 3 clips"))
        let file = try limbic("dataset", "clips", lines)
        let piped = try limbic("dataset", "clips", "-", input: URL(filePath: lines))
        #expect(piped.status == 0 && piped.output == file.output && !file.output.isEmpty)
    }

    @Test func archivesOnStandardInput() async throws {
        let service = try TestService.make()
        let model = service.backend.directory.path(try await service.makeModel().directory)
        let archive = scratch.url.appending(path: "clips.npz")
        let writer = try NPZWriter(path: archive.path)
        try writer.add("text", shape: [2, 1, 3], [1, 2, 3, 4, 5, 6] as [Float])
        try writer.add("audio", shape: [2, 1, 2], [1, 2, 3, 4] as [Float])
        try writer.close()
        let file = try limbic("predict", "--model", model, "--data", archive.path)
        #expect(file.status == 0 && file.output.split(separator: "\n").count == 2)
        let piped = try limbic("predict", "--model", model, "--data", "-", input: archive)
        #expect(piped.status == 0 && piped.output == file.output)
        let foreign = URL(filePath: try scratch.write("x.csv", "1,2\n"))
        let refused = try limbic("predict", "--model", model, "--data", "-", input: foreign)
        #expect(refused.status == 65)
        #expect(refused.errors == "limbic: standard input: is neither an npz archive nor lines of JSON objects\n")
        let marked = URL(
            filePath: try scratch.write("marked.json", "\u{FEFF}{\"text\": [[1, 2, 3]], \"audio\": [[1, 2]]}\n"))
        #expect(try limbic("predict", "--model", model, "--data", "-", input: marked).status == 0)
    }
}
