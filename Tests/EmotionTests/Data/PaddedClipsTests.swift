import Testing

@testable import Emotion

struct PaddedClipsTests {
    private static let modalities = [
        Modality(name: "audio", featureSize: 2), Modality(name: "text", featureSize: 1),
    ]

    private static func make(
        units: Int = 10, clips: Int = 10, replacesNonfinite: Bool = false
    ) -> PaddedClips {
        var limits = ClipDecoder.Limits()
        (limits.units, limits.clips) = (units, clips)
        return PaddedClips(modalities: modalities, limits: limits, replacesNonfinite: replacesNonfinite)
    }

    @Test func clipsHaveTheUnitsOfTheirLengths() throws {
        var padded = Self.make()
        let audio: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
        try padded.add("audio", shape: [2, 2, 2]) { Array(audio[$0]) }
        try padded.add("text", shape: [2, 3, 1]) { $0.map { Float($0) } }
        try padded.add(lengths: [1, 0], of: "audio")
        try padded.add(lengths: [2, 3], of: nil)
        let clips = try padded.clips().map { try $0.get() }
        #expect(
            clips[0].modalities == [
                "audio": .init(length: 1, featureSize: 2, values: [1, 2]),
                "text": .init(length: 2, featureSize: 1, values: [0, 1]),
            ])
        #expect(clips[1].modalities == ["text": .init(length: 3, featureSize: 1, values: [3, 4, 5])])
    }

    @Test func aBadClipDoesNotSpoilTheOthers() throws {
        var padded = Self.make(units: 2)
        try padded.add("text", shape: [5, 3, 1]) { $0.map { $0 == 4 ? .nan : Float($0) } }
        try padded.add(lengths: [1, 2, 0, 3, -1], of: "text")
        let clips = try padded.clips()
        #expect(try clips[0].get().modalities["text"]?.values == [0])
        let errors = clips.dropFirst().map { clip in #expect(throws: ClipError.self) { try clip.get() } }
        #expect(errors.map { $0?.pointer } == ["/clips/1/text/1/0", "/clips/2", "/clips/3/text", "/clips/4/text"])
        #expect(errors.map { $0?.code } == [.notANumber, .noModality, .badShape, .badShape])
    }

    @Test func whatIsNotFiniteMayBeReadAsZero() throws {
        var padded = Self.make(replacesNonfinite: true)
        try padded.add("text", shape: [1, 3, 1]) { _ in [1, .nan, -.infinity] }
        let text = try padded.clips()[0].get().modalities["text"]
        #expect(text?.values == [1, 0, 0] && text?.replaced == [1, 2])
    }

    @Test(arguments: [
        ("smell", [1, 1, 1], "no such modality"), ("text", [1, 1], "must be [clips, units, features]"),
        ("text", [1, -1, 1], "must be [clips, units, features]"), ("text", [1, 1, 2], "2 features, not 1"),
        ("text", [0, 1, 1], "there is no clip"), ("text", [11, 1, 1], "11 clips, at most 10"),
        ("text", [2, 1, 1], "2 clips, but audio has 1"), ("audio", [1, 1, 2], "comes twice"),
    ])
    func refuses(name: String, shape: [Int], words: String) throws {
        var padded = Self.make()
        try padded.add("audio", shape: [1, 1, 2]) { _ in [1, 2] }
        let fault = #expect(throws: PaddedClips.Fault.self) { try padded.add(name, shape: shape) { _ in [] } }
        #expect(fault?.modality == name && fault?.reason.contains(words) == true)
    }

    @Test func lengthsAreOfWhatIsThere() throws {
        var padded = Self.make()
        #expect(throws: PaddedClips.Fault(nil, "there is no modality")) { try padded.clips() }
        #expect(throws: PaddedClips.Fault.self) { try padded.add(lengths: [1], of: "text") }
        try padded.add("text", shape: [2, 1, 1]) { $0.map { Float($0) } }
        #expect(throws: PaddedClips.Fault("text", "3 lengths of 2 clips")) {
            try padded.add(lengths: [1, 1, 1], of: "text")
        }
    }

    /// Lengths of all that come before there is anything else.
    @Test func commonLengthsAreCountedLate() throws {
        var padded = Self.make()
        try padded.add(lengths: [1], of: nil)
        try padded.add("text", shape: [2, 1, 1]) { $0.map { Float($0) } }
        #expect(throws: PaddedClips.Fault.self) { try padded.clips() }
    }
}
