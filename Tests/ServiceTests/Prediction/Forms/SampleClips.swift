import Emotion
import Engine
import Foundation

/// Clips for the model of `TestService.makeModel`, in every form of a request.
struct SampleClips {
    /// [N, L, D], padded, of numbers that take all digits of a float.
    let text: [Float]
    let audio: [Float]
    let textLengths: [Int32] = [3, 0, 1, 2]
    let textShape = [4, 3, 3]
    let audioShape = [4, 2, 2]

    init() {
        text = (0..<36).map { sinf(Float($0) * 1.7) * 3 }
        audio = (0..<16).map { cosf(Float($0) * 2.3) / 7 }
    }

    /// Of one clip: null where it lacks the text.
    func json(_ clip: Int) -> String {
        let rows = { (values: [Float], start: Int, count: Int, size: Int) in
            (0..<count).map { unit in
                "[" + (0..<size).map { "\(values[start + unit * size + $0])" }.joined(separator: ",") + "]"
            }
            .joined(separator: ",")
        }
        let length = Int(textLengths[clip])
        let text = length == 0 ? "null" : "[\(rows(text, clip * 9, length, 3))]"
        return #"{"audio":[\#(rows(audio, clip * 4, 2, 2))],"text":\#(text)}"#
    }

    var clips: [String] { (0..<4).map(json) }
    var document: String { #"{"clips":[\#(clips.joined(separator: ","))]}"# }
    var lines: String { clips.joined(separator: "\n") }

    var npz: [UInt8] {
        get throws {
            let archive = try NPZWriter()
            try archive.add("text", shape: textShape, text)
            try archive.add("audio", shape: audioShape, audio)
            try archive.add("lengths_text", shape: [4], textLengths)
            return try archive.bytes()
        }
    }

    var safetensors: [UInt8] {
        var bytes = Safetensors.header(
            of: [
                .init(name: "audio", dtype: .float32, shape: audioShape),
                .init(name: "lengths_text", dtype: .int32, shape: [4]),
                .init(name: "text", dtype: .float32, shape: textShape),
            ], metadata: [:])
        bytes += Self.bytes(audio) + Self.bytes(textLengths) + Self.bytes(text)
        return bytes
    }

    /// A request of the Open Inference Protocol.
    func inference(nested: Bool = false, _ members: String = "") -> String {
        let units = (0..<12).map { Self.list(self.text[($0 * 3)...].prefix(3)) }
        let clips = (0..<4).map { "[" + units[($0 * 3)...].prefix(3).joined(separator: ",") + "]" }
        let text = nested ? "[" + clips.joined(separator: ",") + "]" : Self.list(self.text)
        return #"""
            {"inputs":[{"name":"text","datatype":"FP32","shape":[4,3,3],"data":\#(text)},
            {"name":"text_length","datatype":"INT32","shape":[4],"data":[3,0,1,2]},
            {"name":"audio","datatype":"FP32","shape":[4,2,2],"data":\#(Self.list(audio))}]\#(members)}
            """#
    }

    /// The same with the tensors as bytes after it, and the length of its JSON.
    func binaryInference(_ members: String = "") -> (bytes: [UInt8], length: Int) {
        let header = Array(
            #"""
            {"inputs":[{"name":"text","datatype":"FP32","shape":[4,3,3],"parameters":{"binary_data_size":144}},
            {"name":"text_length","datatype":"INT32","shape":[4],"parameters":{"binary_data_size":16}},
            {"name":"audio","datatype":"FP32","shape":[4,2,2],"parameters":{"binary_data_size":64}}]\#(members)}
            """#.utf8)
        return (header + Self.bytes(text) + Self.bytes(textLengths) + Self.bytes(audio), header.count)
    }

    static func bytes<Word: BitwiseCopyable>(_ words: [Word]) -> [UInt8] { words.withUnsafeBytes { Array($0) } }

    static func floats(_ bytes: some Collection<UInt8>) -> [Float] {
        Array(bytes).withUnsafeBytes { raw in
            (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
    }

    private static func list(_ values: some Sequence<Float>) -> String {
        "[" + values.map { "\($0)" }.joined(separator: ",") + "]"
    }
}
