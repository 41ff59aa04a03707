import Engine
import Foundation
import Platform

/// Takes a packed file apart and checks all of it but the rows' digests.
struct PackedSplitReader {
    let file: SafetensorsFile

    static let changed = "is not what was written: its digest is another one"

    /// Compares the header with the digest over the content, which is returned.
    func checkHeader() throws(SafetensorsError) -> String {
        typealias Key = PackedSplitLayout.Key
        guard file.metadata[Key.format] == PackedSplitLayout.format else { throw fault("is no packed split") }
        guard file.metadata[Key.version] == PackedSplitLayout.version else {
            throw fault("is of another version than \(PackedSplitLayout.version)")
        }
        let digested = file.tensors.filter { !$0.key.hasPrefix(PackedSplitLayout.paddingPrefix) }
        let lines = digested.map { name, entry in
            (name: name, dtype: entry.dtype, shape: entry.shape, digest: file.metadata[Key.digest(name)] ?? "none")
        }
        let digest = PackedSplitLayout.contentDigest(lines)
        guard file.metadata[Key.contentDigest] == digest else {
            throw fault("is not what was written: its header has another digest")
        }
        for (name, entry) in digested where !name.hasPrefix(PackedSplitLayout.rowsPrefix) {
            guard SHA256.digest(of: file.bytes(of: entry)) == file.metadata[Key.digest(name)] else {
                throw fault(Self.changed, name)
            }
        }
        return digest
    }

    func clips() throws(SafetensorsError) -> Clips {
        let names = file.tensors.keys.filter { $0.hasPrefix(PackedSplitLayout.rowsPrefix) }
            .map { String($0.dropFirst(PackedSplitLayout.rowsPrefix.count)) }
        var modalities: [String: Sequences] = [:]
        for name in names { modalities[name] = try sequences(name) }
        guard let count = modalities.values.first?.count, modalities.values.allSatisfy({ $0.count == count }) else {
            throw fault("does not have the same clips in every modality")
        }
        var labels: [Float]?
        var labelCount = 0
        if file.tensors[PackedSplitLayout.labels] != nil {
            let entry = try entry(PackedSplitLayout.labels, .uint8, axes: 2)
            guard entry.shape[0] == count else { throw fault("is not of every clip", PackedSplitLayout.labels) }
            labels = try file.floats(PackedSplitLayout.labels)
            labelCount = entry.shape[1]
        }
        return Clips(
            count: count, modalities: modalities, labels: labels, labelCount: labelCount, ids: try ids(count: count))
    }

    private func sequences(_ modality: String) throws(SafetensorsError) -> Sequences {
        let tensor = PackedSplitLayout.rows(modality)
        let rows = try entry(tensor, .float32, axes: 2)
        guard Modality.featureSizes.contains(rows.shape[1]),
            rows.range.lowerBound % PackedSplitLayout.alignment == 0
        else { throw fault("is not \(PackedSplitLayout.alignment)-byte aligned rows of features", tensor) }
        let lengths = try lengths(PackedSplitLayout.lengths(modality), sum: rows.shape[0])
        let replaced = PackedSplitLayout.replaced(modality)
        let entry = try entry(replaced, .int64, axes: 1)
        let counts = file.bytes(of: entry).integers(Int64.self).map { Int($0) }
        guard counts.count == rows.shape[1], counts.allSatisfy({ (0...rows.shape[0]).contains($0) }) else {
            throw fault("is not a count for each feature", replaced)
        }
        return Sequences(
            featureSize: rows.shape[1],
            lengths: lengths,
            values: FeatureValues(rows, of: file),
            replaced: counts.contains { $0 > 0 } ? counts : []
        )
    }

    private func ids(count: Int) throws(SafetensorsError) -> [String]? {
        guard file.tensors[PackedSplitLayout.ids] != nil else { return nil }
        let entry = try entry(PackedSplitLayout.ids, .uint8, axes: 1)
        let lengths = try lengths(PackedSplitLayout.idLengths, sum: entry.count)
        guard lengths.count == count else { throw fault("is not of every clip", PackedSplitLayout.idLengths) }
        var rest = file.bytes(of: entry)[...]
        return lengths.map { length in
            defer { rest = rest.dropFirst(length) }
            return String(decoding: rest.prefix(length), as: UTF8.self)
        }
    }

    /// Lengths that come to `sum`, which bounds each of them.
    private func lengths(_ tensor: String, sum: Int) throws(SafetensorsError) -> [Int] {
        let lengths = file.bytes(of: try entry(tensor, .int32, axes: 1)).integers(Int32.self).map { Int($0) }
        guard lengths.allSatisfy({ $0 >= 0 }), lengths.reduce(0, +) == sum else {
            throw fault("does not hold lengths that come to \(sum)", tensor)
        }
        return lengths
    }

    private func entry(
        _ tensor: String,
        _ type: SafetensorsType,
        axes: Int
    ) throws(SafetensorsError) -> SafetensorsFile.Entry {
        guard let entry = file.tensors[tensor] else { throw fault("is not in the file", tensor) }
        guard entry.dtype == type, entry.shape.count == axes else {
            throw fault("is not of type \(type.rawValue) with \(axes) axes", tensor)
        }
        return entry
    }

    private func fault(_ reason: String, _ tensor: String? = nil) -> SafetensorsError {
        SafetensorsError(file: file.path, tensor: tensor, reason: reason)
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian integers that the bytes are, at any place.
    fileprivate func integers<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) -> [Word] {
        stride(from: 0, to: count, by: MemoryLayout<Word>.size).map {
            Word(littleEndian: loadUnaligned(fromByteOffset: $0, as: Word.self))
        }
    }
}
