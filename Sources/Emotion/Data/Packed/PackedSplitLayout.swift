import Engine
import Foundation
import Platform

/// What lies where in the packed file of a split, which is a safetensors file:
///
/// | tensor | type, shape | holds |
/// |---|---|---|
/// | `rows.<modality>` | F32 [Σ lengths, D] | the units, clip after clip, without padding; begins on a multiple of 64 bytes |
/// | `lengths.<modality>` | I32 [N] | units per clip, 0 where a clip lacks the modality |
/// | `replaced.<modality>` | I64 [D] | of each feature, how many values are 0 because they were not finite |
/// | `labels` | U8 [N, K] | 0 or 1; not there without labels |
/// | `ids`, `id_lengths` | U8 [bytes], I32 [N] | the ids in UTF-8, one after another; not there without ids |
/// | `padding.<n>` | U8 | zeros that put rows on their boundary |
///
/// The metadata are `format` and `version`, `label_names` (JSON) where the split has them, `sha256.<tensor>` for each tensor
/// but padding, and `content_digest`, the SHA-256 of a line for each of these tensors in the order of their names:
/// `name type shape digest`. It does not depend on how the clips were uploaded, and with it known the header, and by the
/// header everything else, can be told from any other.
struct PackedSplitLayout: Sendable {
    static let format = "limbic-split"
    static let version = "1"
    /// Bytes of a cache line, and of the widest vector.
    static let alignment = 64

    static let labels = "labels"
    static let ids = "ids"
    static let idLengths = "id_lengths"
    static func rows(_ modality: String) -> String { "rows.\(modality)" }
    static func lengths(_ modality: String) -> String { "lengths.\(modality)" }
    static func replaced(_ modality: String) -> String { "replaced.\(modality)" }
    /// Names of modalities hold no dot, so that none of them is mistaken for another tensor.
    static let rowsPrefix = rows("")
    static let paddingPrefix = "padding."

    enum Key {
        static let format = "format"
        static let version = "version"
        static let labelNames = "label_names"
        static let contentDigest = "content_digest"
        static func digest(_ tensor: String) -> String { "sha256.\(tensor)" }
    }

    /// A modality and its units per clip.
    struct Column: Sendable {
        let modality: Modality
        let lengths: [Int]
    }

    /// In the order of their names.
    let columns: [Column]
    let labelCount: Int?
    let labelNames: [String]?
    let ids: [String]?
    /// All tensors in the order of the file, with padding.
    let tensors: [Safetensors.Declaration]

    /// - Parameter columns: at least one, of distinct modalities, each with a length for every clip.
    init(columns: [Column], labelCount: Int?, labelNames: [String]?, ids: [String]?) {
        self.columns = columns.sorted { $0.modality.name < $1.modality.name }
        self.labelCount = labelCount
        self.labelNames = labelNames
        self.ids = ids
        let count = columns.first?.lengths.count ?? 0
        var tensors: [Safetensors.Declaration] = []
        var offset = 0
        for column in self.columns {
            let padding = (Self.alignment - offset % Self.alignment) % Self.alignment
            if padding > 0 {
                tensors.append(.init(name: "\(Self.paddingPrefix)\(tensors.count)", dtype: .uint8, shape: [padding]))
            }
            let shape = [column.lengths.reduce(0, +), column.modality.featureSize]
            let rows = Safetensors.Declaration(
                name: Self.rows(column.modality.name), dtype: .float32, shape: shape)
            tensors.append(rows)
            offset += padding + rows.byteCount
        }
        for column in self.columns {
            let (name, size) = (column.modality.name, column.modality.featureSize)
            tensors.append(.init(name: Self.lengths(name), dtype: .int32, shape: [count]))
            tensors.append(.init(name: Self.replaced(name), dtype: .int64, shape: [size]))
        }
        if let labelCount { tensors.append(.init(name: Self.labels, dtype: .uint8, shape: [count, labelCount])) }
        if let ids {
            tensors.append(.init(name: Self.ids, dtype: .uint8, shape: [ids.reduce(0) { $0 + $1.utf8.count }]))
            tensors.append(.init(name: Self.idLengths, dtype: .int32, shape: [count]))
        }
        self.tensors = tensors
    }

    /// The header of the file; its size does not depend on the digests.
    ///
    /// - Parameter digests: of every tensor but padding, by name; nil for a header that only takes up the room.
    func header(digests: [String: String]?) throws -> (bytes: [UInt8], contentDigest: String) {
        let digested = tensors.filter { !$0.name.hasPrefix(Self.paddingPrefix) }
        var metadata = [Key.format: Self.format, Key.version: Self.version]
        if let labelNames {
            metadata[Key.labelNames] = String(decoding: try JSONEncoder().encode(labelNames), as: UTF8.self)
        }
        let lines = digested.map { ($0, digests?[$0.name] ?? Self.noDigest) }
        for (tensor, digest) in lines { metadata[Key.digest(tensor.name)] = digest }
        let contentDigest = Self.contentDigest(
            lines.map { (name: $0.name, dtype: $0.dtype, shape: $0.shape, digest: $1) })
        metadata[Key.contentDigest] = contentDigest
        let bytes = Safetensors.header(of: tensors, metadata: metadata, alignment: Self.alignment)
        return (bytes, contentDigest)
    }

    /// The digest over the content of a split, by the digests of its tensors.
    static func contentDigest(
        _ tensors: [(name: String, dtype: SafetensorsType, shape: [Int], digest: String)]
    ) -> String {
        let lines = tensors.sorted { $0.name < $1.name }.map {
            "\($0.name) \($0.dtype.rawValue) \($0.shape) \($0.digest)\n"
        }
        return SHA256.digest(of: Array(lines.joined().utf8))
    }

    /// In the place of a digest that is not known yet.
    private static let noDigest = "sha256:" + String(repeating: "0", count: 64)
}
