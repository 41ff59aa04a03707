import Engine
import Foundation

@testable import Emotion

/// The `state_dict` of the authors' model in memory, for tests to change before it is written.
struct StateDict {
    struct Tensor {
        var shape: [Int]
        var values: [Float]
    }

    var tensors: [String: Tensor] = [:]

    /// The weights of the golden case of the recipe `reference`, under the authors' names.
    static func golden(_ file: SafetensorsFile) throws -> StateDict {
        var result = StateDict()
        for (theirs, ours) in names(blocks: 2) {
            let values = try file.floats("param.\(ours)")
            result.tensors[theirs] = Tensor(shape: file.tensors["param.\(ours)"]!.shape, values: values)
        }
        return result
    }

    /// Every tensor of the authors' model and the parameter that it is, as PyTorch's modules name them.
    static func names(blocks: Int) -> [(theirs: String, ours: String)] {
        var names = [
            ("emotion_decoder.emotion_queries.weight", "decoder.queries")
        ]
        func add(_ theirs: String, _ ours: String) {
            names.append(("\(theirs).weight", "\(ours).weight"))
            names.append(("\(theirs).bias", "\(ours).bias"))
        }
        func add(attention theirs: String, _ ours: String) {
            names.append(("\(theirs).in_proj_weight", "\(ours).in_proj.weight"))
            names.append(("\(theirs).in_proj_bias", "\(ours).in_proj.bias"))
            add("\(theirs).out_proj", "\(ours).out_proj")
        }
        func add(block theirs: String, _ ours: String, norms: Int) {
            add(attention: "\(theirs).self_attn", "\(ours).self_attention")
            for layer in ["linear1", "linear2"] + (1...norms).map({ "norm\($0)" }) {
                add("\(theirs).\(layer)", "\(ours).\(layer)")
            }
        }
        func add(encoder theirs: String, _ ours: String) {
            for block in 0..<blocks { add(block: "\(theirs).layers.\(block)", "\(ours).layers.\(block)", norms: 2) }
            add("\(theirs).norm", "\(ours).norm")
        }
        for (source, modality) in [("src1", "text"), ("src2", "video"), ("src3", "audio")] {
            add("\(source)_linear.0", "projection.\(modality).linear")
            add("\(source)_linear.1", "projection.\(modality).norm")
            add(encoder: "\(modality)_base_encoder", "encoder.\(modality)")
            add("\(modality)_scorer_net.0", "masking.\(modality)")
        }
        add(encoder: "tri_modal_encoder", "encoder.multimodal")
        add(block: "emotion_decoder.layers.0", "decoder.layers.0", norms: 3)
        add(attention: "emotion_decoder.layers.0.multihead_attn", "decoder.layers.0.cross_attention")
        add("emotion_decoder.norm", "decoder.norm")
        add("emotion_decoder.classifier.0", "classifier")
        return names
    }

    /// Writes a safetensors file with elements of a type that holds every float32 or, for I32, none of the fractions.
    func write(to path: String, as type: SafetensorsType = .float32) throws {
        var header: [String] = []
        var data = Data()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let start = data.count
            for value in tensor.values {
                switch type {
                case .float64:
                    withUnsafeBytes(of: Double(value).bitPattern.littleEndian) { data.append(contentsOf: $0) }
                case .int32: withUnsafeBytes(of: Int32(value).littleEndian) { data.append(contentsOf: $0) }
                default: withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
                }
            }
            let fields =
                #""dtype":"\#(type.rawValue)","shape":\#(tensor.shape),"data_offsets":[\#(start),\#(data.count)]"#
            header.append("\"\(name)\":{\(fields)}")
        }
        let json = Data("{\(header.joined(separator: ","))}".utf8)
        let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
        try (length + json + data).write(to: URL(filePath: path))
    }
}
