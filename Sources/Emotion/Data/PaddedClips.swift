import Engine

/// Clips as tensors, one per modality: [N, L, D], padded to the longest clip, with the units of each clip.
///
/// ```swift
/// var padded = PaddedClips(modalities: modalities, limits: decoder.limits)
/// try padded.add("text", shape: [2, 5, 300]) { values($0) }
/// try padded.add(lengths: [5, 0], of: "text")
/// let clips = try padded.clips()
/// ```
package struct PaddedClips {
    /// Why tensors are no clips.
    package struct Fault: Error, Equatable {
        /// The modality at fault, or nil where it is all of them.
        package let modality: String?
        package let reason: String

        package init(_ modality: String?, _ reason: String) {
            self.modality = modality
            self.reason = reason
        }
    }

    /// Gives the numbers at some positions of a tensor.
    package typealias Values = (Range<Int>) -> [Float]

    private struct Column {
        let name: String
        let shape: [Int]
        let values: Values
        /// nil: all clips have all units.
        var lengths: [Int]?
    }

    let modalities: [Modality]
    private let limits: ClipDecoder.Limits
    private let replacesNonfinite: Bool
    private var columns: [Column] = []
    private var commonLengths: [Int]?

    /// - Parameters:
    ///   - modalities: those that there may be.
    ///   - replacesNonfinite: whether a feature that is not finite is read as 0.
    package init(modalities: [Modality], limits: ClipDecoder.Limits, replacesNonfinite: Bool = false) {
        self.modalities = modalities
        self.limits = limits
        self.replacesNonfinite = replacesNonfinite
    }

    /// Whether a modality is among those that there may be.
    package func knows(_ name: String) -> Bool { modalities.contains { $0.name == name } }

    /// Adds the units of a modality.
    ///
    /// - Parameters:
    ///   - shape: [N, L, D].
    ///   - values: called for units that clips have.
    package mutating func add(_ name: String, shape: [Int], values: @escaping Values) throws(Fault) {
        try check(name, shape: shape)
        columns.append(Column(name: name, shape: shape, values: values))
    }

    /// Whether units of such a shape may be added, before they are at hand.
    package func check(_ name: String, shape: [Int]) throws(Fault) {
        guard let modality = modalities.first(where: { $0.name == name }) else {
            let names = modalities.map(\.name).sorted().prefix(10).joined(separator: ", ")
            throw Fault(name, "no such modality; there are: \(names)")
        }
        guard !columns.contains(where: { $0.name == name }) else { throw Fault(name, "comes twice") }
        guard shape.count == 3, shape.allSatisfy({ $0 >= 0 }) else {
            throw Fault(name, "must be [clips, units, features], not \(shape.prefix(8))")
        }
        guard shape[2] == modality.featureSize else {
            throw Fault(name, "\(shape[2]) features, not \(modality.featureSize)")
        }
        guard shape[0] > 0 else { throw Fault(name, "there is no clip") }
        guard shape[0] <= limits.clips else { throw Fault(name, "\(shape[0]) clips, at most \(limits.clips)") }
        if let first = columns.first, first.shape[0] != shape[0] {
            throw Fault(name, "\(shape[0]) clips, but \(first.name) has \(first.shape[0])")
        }
    }

    /// Adds the units of each clip.
    ///
    /// - Parameter name: of a modality that was added; nil for all that have no lengths of their own.
    package mutating func add(lengths: [Int], of name: String?) throws(Fault) {
        guard let name else { return commonLengths = lengths }
        guard let index = columns.firstIndex(where: { $0.name == name }) else {
            throw Fault(name, "there are lengths of it, but no units")
        }
        guard lengths.count == columns[index].shape[0] else {
            throw Fault(name, "\(lengths.count) lengths of \(columns[index].shape[0]) clips")
        }
        columns[index].lengths = lengths
    }

    /// What each clip is, or what is wrong with it; pointers are those of a request in JSON, `/clips/3/text/0/7`.
    package func clips() throws(Fault) -> [Result<Clip, ClipError>] {
        guard let count = columns.first?.shape[0] else { throw Fault(nil, "there is no modality") }
        if let commonLengths, commonLengths.count != count {
            throw Fault(nil, "\(commonLengths.count) lengths of \(count) clips")
        }
        return (0..<count).map { row in Result { () throws(ClipError) in try clip(row) } }
    }

    private func clip(_ row: Int) throws(ClipError) -> Clip {
        var clip = Clip(modalities: [:])
        for column in columns {
            let length = (column.lengths ?? commonLengths)?[row] ?? column.shape[1]
            let pointer = "/clips/\(row)/\(column.name)"
            guard (0...column.shape[1]).contains(length) else {
                let detail = "the length \(length) is not from 0 to \(column.shape[1])"
                throw ClipError(code: .badShape, detail: detail, pointer: pointer)
            }
            guard length <= limits.units else {
                let detail = "\(length) units, at most \(limits.units)"
                throw ClipError(code: .badShape, detail: detail, pointer: pointer)
            }
            if length > 0 { clip.modalities[column.name] = try units(column, row, length, pointer) }
        }
        guard !clip.modalities.isEmpty else {
            throw ClipError(code: .noModality, detail: "the clip has no modality", pointer: "/clips/\(row)")
        }
        return clip
    }

    private func units(
        _ column: Column, _ row: Int, _ length: Int, _ pointer: String
    ) throws(ClipError) -> Clip.Units {
        let size = column.shape[2]
        let start = row * column.shape[1] * size
        var values = column.values(start..<start + length * size)
        var replaced: [Int] = []
        if values.withUnsafeBufferPointer({ $0.hasNonfinite }) {
            for index in values.indices where !values[index].isFinite {
                guard replacesNonfinite else {
                    let (unit, feature) = index.quotientAndRemainder(dividingBy: size)
                    throw ClipError(
                        code: .notANumber, detail: "\(values[index]) is not a finite number",
                        pointer: "\(pointer)/\(unit)/\(feature)")
                }
                replaced.append(index)
                values[index] = 0
            }
        }
        return Clip.Units(length: length, featureSize: size, values: values, replaced: replaced)
    }
}
