import Engine

/// A split in npz format whose headers and lengths have been read and agree.
struct NPZSplit {
    /// Sorted by name; with the expected ones that the file lacks.
    let modalities: [Modality]
    let labelCount: Int?
    /// N.
    private let clipCount: Int
    private let archive: NPZArchive
    private let options: SplitOptions
    private let labels: NPZArchive.Entry?
    private let ids: NPZArchive.Entry?
    /// By name of modality.
    private let features: [String: NPZArchive.Entry]
    /// By name of modality, each N.
    private let lengths: [String: [Int]]

    /// Arrays by their part in the convention.
    private struct Layout {
        var labels: NPZArchive.Entry?
        var ids: NPZArchive.Entry?
        var features: [String: NPZArchive.Entry] = [:]
        /// By name of modality, the empty name for all.
        var lengths: [String: NPZArchive.Entry] = [:]
    }

    /// Reads everything but features, labels and ids. nil, with problems added, when arrays do not fit together.
    init?(path: String, options: SplitOptions, problems: inout SplitProblems) {
        var limits = NPZArchive.Limits()
        limits.bytes = options.maximumBytes
        do throws(NPZError) {
            archive = try NPZArchive(path: path, limits: limits)
        } catch {
            problems.add(error)
            return nil
        }
        self.options = options
        let layout = Self.layout(archive, expected: options.modalities, problems: &problems)
        guard let clipCount = Self.clipCount(layout, problems: &problems) else { return nil }
        Self.checkLabels(layout, options: options, problems: &problems)
        guard problems.isEmpty else { return nil }
        self.clipCount = clipCount
        labels = layout.labels
        labelCount = layout.labels.map { $0.shape[1] }
        ids = layout.ids
        features = layout.features
        let found = layout.features.map { Modality(name: $0, featureSize: $1.shape[2]) }
        let absent = (options.modalities ?? []).filter { layout.features[$0.name] == nil }
        modalities = (found + absent).sorted { $0.name < $1.name }
        var lengths: [String: [Int]] = [:]
        var common: [Int]?
        for (name, array) in layout.features {
            if let own = layout.lengths[name] {
                lengths[name] = Self.lengths(archive, own, limit: array.shape[1], problems: &problems)
            } else if let shared = layout.lengths[""] {
                common = common ?? Self.lengths(archive, shared, limit: .max, problems: &problems)
                lengths[name] = common
                if let row = common?.firstIndex(where: { $0 > array.shape[1] }), let length = common?[row] {
                    problems.add(row: row, "lengths", "\(length) units, but \(name) has \(array.shape[1])")
                }
            } else {
                lengths[name] = [Int](repeating: array.shape[1], count: clipCount)
            }
        }
        for modality in absent { lengths[modality.name] = [Int](repeating: 0, count: clipCount) }
        self.lengths = lengths
        guard problems.isEmpty else { return nil }
        for row in 0..<clipCount where lengths.values.allSatisfy({ $0[row] == 0 }) {
            problems.add(row: row, "lengths", "the clip has no modality")
        }
        let limit = MultiHeadAttention.longestSequence
        for row in 0..<clipCount {
            let units = lengths.values.reduce(0) { $0 + $1[row] }
            if units > limit { problems.add(row: row, "lengths", "\(units) units in all modalities, at most \(limit)") }
        }
    }

    // MARK: Headers

    private static func layout(
        _ archive: NPZArchive,
        expected: [Modality]?,
        problems: inout SplitProblems
    ) -> Layout {
        var layout = Layout()
        for array in archive.arrays {
            switch array.name {
            case "labels": layout.labels = array
            case "id", "ids":
                if layout.ids != nil { problems.add(array.name, "there are both id and ids") }
                layout.ids = array
            case "lengths": layout.lengths[""] = array
            case let name where name.hasPrefix("lengths_"): layout.lengths[String(name.dropFirst(8))] = array
            default:
                if let fault = fault(ofFeatures: array, expected: expected) {
                    problems.add(array.name, fault)
                } else {
                    layout.features[array.name] = array
                }
            }
        }
        for (name, array) in layout.lengths where !name.isEmpty && layout.features[name] == nil {
            problems.add(array.name, "there is no modality of this name")
        }
        for array in layout.lengths.values where array.shape.count != 1 || !array.isNumeric {
            problems.add(array.name, "must be numbers [clips], not \(describe(array))")
        }
        if layout.features.isEmpty { problems.add("file", "there is no modality") }
        return layout
    }

    private static func fault(ofFeatures array: NPZArchive.Entry, expected: [Modality]?) -> String? {
        if let fault = Modality.fault(inName: array.name) { return fault }
        guard array.isNumeric, array.shape.count == 3 else {
            return "a modality must be numbers [clips, units, features], not \(describe(array))"
        }
        guard array.shape[2] > 0 else { return "a unit must have at least one feature" }
        guard let expected else { return nil }
        guard let modality = expected.first(where: { $0.name == array.name }) else {
            return "no such modality; there are: \(expected.map(\.name).sorted().joined(separator: ", "))"
        }
        guard modality.featureSize == array.shape[2] else {
            return "\(array.shape[2]) features, not \(modality.featureSize)"
        }
        return nil
    }

    private static func describe(_ array: NPZArchive.Entry) -> String {
        "\(array.isNumeric ? "numbers" : "text") \(array.shape)"
    }

    /// N, which all arrays share.
    private static func clipCount(_ layout: Layout, problems: inout SplitProblems) -> Int? {
        let arrays = layout.features.values.sorted { $0.name < $1.name }
        guard let first = arrays.first else { return nil }
        let count = first.shape[0]
        let others = arrays + [layout.labels, layout.ids].compactMap(\.self) + layout.lengths.values
        for array in others where array.shape.first != count {
            problems.add(array.name, "\(array.shape.first ?? 0) clips, but \(first.name) has \(count)")
        }
        if count == 0 { problems.add("file", "there is no clip") }
        return problems.isEmpty ? count : nil
    }

    private static func checkLabels(_ layout: Layout, options: SplitOptions, problems: inout SplitProblems) {
        if let ids = layout.ids, ids.shape.count != 1 { problems.add(ids.name, "must be [clips], not \(ids.shape)") }
        guard let labels = layout.labels else {
            if options.requiresLabels { problems.add("labels", "there are no labels") }
            return
        }
        guard labels.isNumeric, labels.shape.count == 2, labels.shape[1] > 0 else {
            problems.add("labels", "must be 0 and 1 [clips, labels], not \(describe(labels))")
            return
        }
        if let names = options.labels, names.count != labels.shape[1] {
            problems.add("labels", "\(labels.shape[1]) labels, not \(names.count)")
        }
    }

    // MARK: Data

    /// Units per clip; numbers that are no length are problems and come as 0.
    private static func lengths(
        _ archive: NPZArchive,
        _ array: NPZArchive.Entry,
        limit: Int,
        problems: inout SplitProblems
    ) -> [Int] {
        var lengths: [Int] = []
        do throws(NPZError) {
            try archive.forEachChunk(of: array) { values, _ throws(NPZError) in
                for value in values {
                    let length = value >= 0 && value <= 0x1p31 && value.rounded() == value ? Int(value) : nil
                    if length.map({ $0 > limit }) ?? true {
                        problems.add(row: lengths.count, array.name, "\(value) is not a length of 0 to \(limit)")
                    }
                    lengths.append(length.map { min($0, limit) } ?? 0)
                }
            }
        } catch {
            problems.add(error)
        }
        return lengths
    }

    /// Reads features, labels and ids. The clips are nil when they are not kept or something is wrong.
    func read(keepsClips: Bool, report: inout SplitReport, problems: inout SplitProblems) -> Clips? {
        report.clips = clipCount
        var sequences: [String: Sequences] = [:]
        for modality in modalities {
            let lengths = lengths[modality.name] ?? []
            let array = features[modality.name]
            report.modalities.append(
                SplitReport.ModalityReport(
                    name: modality.name,
                    featureSize: modality.featureSize,
                    shape: array?.shape ?? [clipCount, 0, modality.featureSize],
                    lengths: lengths
                )
            )
            var values: [Float] = []
            if let array {
                var unpacker = UnitUnpacker(
                    array: array,
                    lengths: lengths,
                    replacesNonfinite: options.replaceNonfinite,
                    problems: problems
                )
                values = unpacker.read(from: archive, keepsValues: keepsClips && problems.isEmpty)
                problems = unpacker.problems
                report.replacedValues += unpacker.replacedValues
            }
            guard keepsClips, problems.isEmpty else { continue }
            sequences[modality.name] = Sequences(
                featureSize: modality.featureSize,
                lengths: lengths,
                values: values
            )
        }
        let labels = readLabels(report: &report, problems: &problems)
        let ids = readIDs(problems: &problems)
        guard keepsClips, problems.isEmpty else { return nil }
        return Clips(count: clipCount, modalities: sequences, labels: labels, labelCount: labelCount ?? 0, ids: ids)
    }

    private func readLabels(report: inout SplitReport, problems: inout SplitProblems) -> [Float]? {
        guard let array = labels, let labelCount else { return nil }
        var labels = [Float](repeating: 0, count: array.count)
        do throws(NPZError) {
            try archive.forEachChunk(of: array) { values, position throws(NPZError) in
                for (offset, value) in values.enumerated() {
                    let index = position + offset
                    let (row, label) =
                        array.isFortranOrder
                        ? (index % clipCount, index / clipCount) : (index / labelCount, index % labelCount)
                    labels[row * labelCount + label] = value
                    if value != 0 && value != 1 {
                        problems.add(row: row, "labels[\(label)]", "\(value) is neither 0 nor 1")
                    }
                }
            }
        } catch {
            problems.add(error)
        }
        report.count(labels: labels, labelCount: labelCount)
        return labels
    }

    private func readIDs(problems: inout SplitProblems) -> [String]? {
        guard let array = ids else { return nil }
        var ids: [String] = []
        do throws(NPZError) {
            for (row, id) in try archive.strings(of: array).enumerated() {
                if id == nil { problems.add(row: row, array.name, "an id must be text or an integer") }
                ids.append(id ?? "")
            }
        } catch {
            problems.add(error)
        }
        return ids
    }
}
