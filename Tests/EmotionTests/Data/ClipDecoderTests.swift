import Foundation
import TestSupport
import Testing

@testable import Emotion

@Suite struct ClipDecoderTests {
    static func make() -> ClipDecoder {
        ClipDecoder(
            modalities: [Modality(name: "text", featureSize: 2), Modality(name: "audio", featureSize: 1)],
            labels: ["happy", "sad"]
        )
    }

    static func decode(_ text: String, _ decoder: ClipDecoder = make()) throws(ClipError) -> ClipDecoder.Request {
        let bytes = Array(text.utf8)
        let outcome = bytes.withUnsafeBytes { bytes in
            Result { () throws(ClipError) in try decoder.decodeRequest(bytes) }
        }
        return try outcome.get()
    }

    /// The error of a single clip in a request.
    static func fault(_ clip: String) throws -> ClipError? {
        guard case .failure(let error) = try decode(#"{"clips": [{"text": [[1, 2]]}, \#(clip)]}"#).clips[1] else {
            return nil
        }
        return error
    }

    @Test func requestsWithMembers() throws {
        let request = try Self.decode(
            #"""
            {"clips": [{"id": "c1", "text": [[1, 2.5], [-3e-1, 4]], "audio": null}, {"audio": [[7]], "text": []}],
             "top_k": 3, "threshold": "tuned", "explain": true, "none": null}
            """#
        )
        #expect(request.clips.count == 2)
        let first = try request.clips[0].get()
        #expect(first.id == "c1")
        #expect(first.modalities == ["text": .init(length: 2, featureSize: 2, values: [1, 2.5, -0.3, 4])])
        let second = try request.clips[1].get()
        #expect(second.id == nil)
        #expect(second.modalities == ["audio": .init(length: 1, featureSize: 1, values: [7])])
        #expect(
            request.members == [
                "top_k": .number(3), "threshold": .string("tuned"), "explain": .bool(true), "none": .null,
            ]
        )
    }

    @Test(
        arguments: [
            (#"{"text": [[1, 2], [3, 4], [5]]}"#, .badShape, "/clips/1/text/2"),
            (#"{"text": [[1], [3, 4]]}"#, .badShape, "/clips/1/text/0"),
            (#"{"text": [[]]}"#, .badShape, "/clips/1/text/0"),
            (#"{"text": [1, 2]}"#, .badShape, "/clips/1/text/0"), (#"{"text": "x"}"#, .badShape, "/clips/1/text"),
            (#"{"text": [[1, 2], null]}"#, .badShape, "/clips/1/text/1"),
            (#"{"text": [[1, 2], [3, "4"]]}"#, .notANumber, "/clips/1/text/1/1"),
            (#"{"text": [[1, null]]}"#, .notANumber, "/clips/1/text/0/1"),
            (#"{"text": [[1, [2]]]}"#, .notANumber, "/clips/1/text/0/1"),
            (#"{"text": [[1e39, 2]]}"#, .notANumber, "/clips/1/text/0/0"),
            (#"{"video": [[1]]}"#, .unknownModality, "/clips/1/video"),
            (#"{"a/b~": null}"#, .unknownModality, "/clips/1/a~1b~0"),
            (#"{"text": null}"#, .noModality, "/clips/1"), ("{}", .noModality, "/clips/1"), ("7", .badClip, "/clips/1"),
            (#"{"id": 7, "text": [[1, 2]]}"#, .badClip, "/clips/1/id"),
            (#"{"text": [[1, 2]], "text": null}"#, .duplicateMember, "/clips/1/text"),
            (#"{"text": [[1, 2]], "labels": [1]}"#, .badClip, "/clips/1/labels"),
            (#"{"text": [[1, 2]], "labels": [1, 2]}"#, .badClip, "/clips/1/labels/1"),
            (#"{"text": [[1, 2]], "labels": ["happy", "mad"]}"#, .badClip, "/clips/1/labels/1"),
            (#"{"text": [[1, 2]], "labels": ["happy", 1]}"#, .badClip, "/clips/1/labels"),
        ] as [(String, ClipError.Code, String)]
    )
    func badClipsDoNotSpoilOthers(clip: String, code: ClipError.Code, pointer: String) throws {
        let error = try #require(try Self.fault(clip))
        #expect(error.code == code)
        #expect(error.pointer == pointer)
        let request = try Self.decode(#"{"clips": [{"text": [[1, 2]]}, \#(clip)]}"#)
        #expect((try? request.clips[0].get()) != nil)
    }

    @Test func badClipsKeepTheirId() throws {
        let request = try Self.decode(#"{"clips": [{"text": 7, "id": "late"}]}"#)
        #expect(request.ids == ["late"])
    }

    @Test func labelsByNameAndByNumber() throws {
        let request = try Self.decode(
            #"{"clips": [{"text": [[1, 2]], "labels": ["sad"]}, {"text": [[1, 2]], "labels": [1, 0]}, {"text": [[1, 2]], "labels": []}]}"#
        )
        #expect(try request.clips.map { try $0.get().labels } == [[0, 1], [1, 0], [0, 0]])
    }

    @Test(
        arguments: [
            ("[]", .badRequest, ""), ("7", .badRequest, ""), ("{}", .badRequest, ""),
            (#"{"clips": {}}"#, .badRequest, "/clips"),
            (#"{"clips": []}"#, .badRequest, "/clips"), (#"{"clips": [{}], "top_k": [1]}"#, .badRequest, "/top_k"),
            (#"{"clips": [{}], "clips": [{}]}"#, .duplicateMember, "/clips"),
            (#"{"clips": [{}], "a": 1, "a": 2}"#, .duplicateMember, "/a"), ("", .malformedJSON, ""),
            (#"{"clips": [{"text": [[NaN]]}]}"#, .malformedJSON, ""), (#"{"clips": [{}]"#, .malformedJSON, ""),
            (#"{"clips": [{}]} x"#, .malformedJSON, ""), ("\u{0}", .malformedJSON, ""),
        ] as [(String, ClipError.Code, String)]
    )
    func badRequests(text: String, code: ClipError.Code, pointer: String) {
        let error = #expect(throws: ClipError.self) { try Self.decode(text) }
        #expect(error?.code == code)
        #expect(error?.pointer == pointer)
    }

    @Test func malformedTextHasAPosition() {
        let error = #expect(throws: ClipError.self) { try Self.decode("{\"clips\":\n [{\"text\": [[1, 2,]]}]}") }
        #expect(error?.detail == "malformed JSON at line 2, column 19: a value is due here")
    }

    @Test(arguments: ["1e39", "1e400", "-1e400", "1e999999999", "123456789e400"])
    func aNumberTooLargeSpoilsItsClipAndNoOther(number: String) throws {
        let text =
            #"{"clips": [{"id": "a", "text": [[1, 2], [3, NUMBER]]}, {"id": "b", "text": [[1, 18446744073709551616]]}]}"#
        let request = try Self.decode(
            text.replacingOccurrences(of: "NUMBER", with: number), ClipDecoder(modalities: nil))
        let detail = "the number does not fit a 32-bit float"
        #expect(
            request.clips[0] == .failure(ClipError(code: .notANumber, detail: detail, pointer: "/clips/0/text/1/1"))
        )
        #expect(try request.clips[1].get().modalities["text"]?.values == [1, 18_446_744_073_709_551_616])
        #expect(request.ids == ["a", "b"])
    }

    @Test(arguments: [#"["sad"]"#, #"["no such label"]"#, "[1, 0, 1]", "[]", "null", #""sad""#, "{}", "[2]", "[1e400]"])
    func labelsAreLeftAloneInAPrediction(labels: String) throws {
        let decoder = ClipDecoder(modalities: [Modality(name: "text", featureSize: 1)], ignoresLabels: true)
        let request = try Self.decode(
            #"{"clips": [{"labels": LABELS, "text": [[1]]}]}"#.replacingOccurrences(of: "LABELS", with: labels), decoder
        )
        #expect(try request.clips[0].get().labels == nil)
        let twice = try Self.decode(#"{"clips": [{"labels": [1], "labels": [1], "text": [[1]]}]}"#, decoder)
        #expect(throws: ClipError(code: .duplicateMember, detail: "the member comes twice", pointer: "/clips/0/labels"))
        {
            try twice.clips[0].get()
        }
    }

    @Test func anErrorListsAFewModalitiesOnly() throws {
        let modalities = (10..<90).map { Modality(name: "m\($0)", featureSize: 1) }
        let request = try Self.decode(#"{"clips": [{"x": [[1]]}]}"#, ClipDecoder(modalities: modalities))
        let detail = "no such modality; there are: m10, m11, m12, m13, m14, m15, m16, m17, m18, m19 and 70 more"
        #expect(throws: ClipError(code: .unknownModality, detail: detail, pointer: "/clips/0/x")) {
            try request.clips[0].get()
        }
    }

    @Test func limitsHold() throws {
        var limits = ClipDecoder.Limits()
        limits.bytes = 200
        limits.depth = 5
        limits.clips = 2
        limits.units = 3
        let decoder = ClipDecoder(modalities: [Modality(name: "text", featureSize: 1)], limits: limits)
        let clip = #"{"text": [[1]]}"#
        #expect(try Self.decode("{\"clips\": [\(clip), \(clip)]}", decoder).clips.count == 2)
        let many = #expect(throws: ClipError.self) {
            try Self.decode("{\"clips\": [\(clip), \(clip), \(clip)]}", decoder)
        }
        #expect(many?.code == .tooLarge)
        let long = #expect(throws: ClipError.self) {
            try Self.decode("{\"clips\": [\(clip)]}" + String(repeating: " ", count: 200), decoder)
        }
        #expect(long?.code == .tooLarge)
        let deep = #expect(throws: ClipError.self) { try Self.decode(#"{"clips": [{"text": [[[1]]]}]}"#, decoder) }
        #expect(deep?.code == .tooDeep)
        let units = try Self.decode(#"{"clips": [{"text": [[1], [1], [1], [1]]}]}"#, decoder).clips[0]
        #expect(throws: ClipError.self) { try units.get() }
    }

    @Test func deepNestingIsRefusedAndDoesNotOverflow() {
        let deep = String(repeating: "[", count: 200_000)
        #expect(throws: ClipError.self) { try Self.decode(deep) }
        #expect(throws: ClipError.self) { try Self.decode(#"{"clips": "# + deep) }
    }

    @Test func commandLineForms() throws {
        func count(_ text: String) throws -> Int {
            let bytes = Array(text.utf8)
            return try bytes.withUnsafeBytes { try Self.make().decodeClips($0) }.clips.count { (try? $0.get()) != nil }
        }
        #expect(try count(#"{"text": [[1, 2]]}"#) == 1)
        #expect(try count(#"[{"text": [[1, 2]]}, {"audio": [[1]]}]"#) == 2)
        #expect(try count(#"{"clips": [{"text": [[1, 2]]}]}"#) == 1)
        #expect(throws: ClipError.self) { try count("7") }
    }

    @Test func anyModalityWhenNoneAreGiven() throws {
        let decoder = ClipDecoder(modalities: nil)
        let request = try Self.decode(#"{"clips": [{"smell": [[1, 2, 3]]}, {"lengths": [[1]]}]}"#, decoder)
        #expect(try request.clips[0].get().modalities["smell"]?.featureSize == 3)
        #expect(throws: ClipError.self) { try request.clips[1].get() }
    }

    /// A parser is used again for documents of any size, and many threads decode at once.
    @Test func manyThreadsShareADecoder() async throws {
        let decoder = Self.make()
        await withTaskGroup { group in
            for task in 1...8 {
                group.addTask {
                    for round in 1...50 {
                        let count = task * round % 37 + 1
                        let units = [String](repeating: "[\(task), \(round)]", count: count).joined(separator: ",")
                        let clip = try? Self.decode("{\"clips\": [{\"text\": [\(units)]}]}", decoder).clips[0].get()
                        #expect(clip?.modalities["text"]?.length == count)
                        #expect(clip?.modalities["text"]?.values.last == Float(round))
                    }
                }
            }
        }
    }

    /// Whatever the bytes are, the outcome is clips or an error; the scanner finds a fault in all that simdjson refuses.
    @Test func changedBytesNeverTrap() {
        let original = Array(
            #"{"clips": [{"id": "\u00e9", "text": [[1.5e3, -2], [0, 4]], "audio": null}], "k": true}"#.utf8
        )
        var generator = CounterGenerator(3)
        for _ in 0..<4000 {
            var bytes = original
            for _ in 0...generator.index(below: 2) {
                bytes[generator.index(below: bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
            }
            bytes.removeLast(generator.index(below: 3) == 0 ? generator.index(below: bytes.count) : 0)
            let outcome = bytes.withUnsafeBytes { bytes in
                Result { () throws(ClipError) in try Self.decoder.decodeRequest(bytes) }
            }
            if case .failure(let error) = outcome, error.code == .malformedJSON {
                #expect(error.detail.contains(" at "), "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    static let decoder = make()
}
