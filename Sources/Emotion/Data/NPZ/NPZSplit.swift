/// A split in npz format whose headers and lengths have been read and agree.
struct NPZSplit {
    /// Sorted by name; with the expected ones that the file lacks.
    let modalities: [Modality]
    let labelCount: Int?
    /// As the file has them.
    let labelNames: [String]?
    /// N.
    private let clipCount: Int
    private let archive: NPZArchive
    private let options: SplitOptions
    private let layout: NPZLayout
    /// By name of modality, each N.
    private let lengths: [String: [Int]]

    /// Clips times modalities of any file; of more, each must be backed by a byte of the file.
    private static let freeCells = 1 << 20
    /// Bytes of ids of any file, which are kept in memory.
    private static let freeIDBytes = 64 << 20

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
        layout = NPZLayout(archive, options: options, problems: &problems)
        guard let clipCount = layout.clipCount(&problems) else { return nil }
        layout.checkLabels(options: options, problems: &problems)
        guard problems.isEmpty else { return nil }
        self.clipCount = clipCount
        labelCount = layout.labels.map { $0.shape[1] }
        let features = layout.features
        let found = features.map { Modality(name: $0, featureSize: $1.shape[2]) }
        let absent = (options.modalities ?? []).filter { features[$0.name] == nil }
        modalities = (found + absent).sorted { $0.name < $1.name }
        guard clipCount <= max(Self.freeCells, archive.byteCount) / modalities.count else {
            let reason = """
                \(clipCount) clips of \(modalities.count) modalities in \(archive.byteCount) bytes; \
                from \(Self.freeCells) on, a file must have at least a byte for each clip and modality
                """
            problems.add("file", reason)
            return nil
        }
        labelNames = Self.labelNames(archive, layout.labelNames, declared: options.labels, problems: &problems)
        lengths = Self.lengths(archive, layout, clips: clipCount, absent: absent, problems: &problems)
        guard problems.isEmpty else { return nil }
        checkUnits(&problems)
    }

    /// What the clips take in memory, in bytes.
    var byteCount: Int {
        let values = modalities.reduce((labelCount ?? 0) * clipCount) { count, modality in
            count + modality.featureSize * (lengths[modality.name] ?? []).reduce(0, +)
        }
        return values * MemoryLayout<Float>.size
    }

    // MARK: Names and lengths

    private static func labelNames(
        _ archive: NPZArchive,
        _ array: NPZArchive.Entry?,
        declared: [String]?,
        problems: inout SplitProblems
    ) -> [String]? {
        guard let array else { return nil }
        do throws(NPZError) {
            let names = try archive.strings(of: array, limit: SplitOptions.maximumLabelCharacters)
                .map { $0 ?? "\0" }
            if let fault = SplitOptions.fault(inLabels: names) { problems.add(array.name, fault) }
            let differing = zip(names, declared ?? names).enumerated().first { $1.0 != $1.1 }
            if let (label, (name, other)) = differing {
                problems.add(
                    "\(array.name)[\(label)]", "\"\(name.prefix(80))\", but the data set calls this label \"\(other)\"")
            }
            return names
        } catch {
            problems.add(error)
            return nil
        }
    }

    /// Units per clip, by name of modality.
    private static func lengths(
        _ archive: NPZArchive,
        _ layout: NPZLayout,
        clips: Int,
        absent: [Modality],
        problems: inout SplitProblems
    ) -> [String: [Int]] {
        var lengths: [String: [Int]] = [:]
        let longest = layout.features.values.map { $0.shape[1] }.max() ?? 0
        var common: [Int]?
        for (name, array) in layout.features.sorted(by: { $0.key < $1.key }) {
            if let own = layout.lengths[name] {
                lengths[name] = Self.lengths(archive, own, limit: array.shape[1], problems: &problems)
            } else if let shared = layout.lengths[""] {
                common = common ?? Self.lengths(archive, shared, limit: longest, problems: &problems)
                lengths[name] = common
                if let row = common?.firstIndex(where: { $0 > array.shape[1] }), let length = common?[row] {
                    let cure = "lengths_\(name) = numpy.minimum(\(shared.name), \(array.shape[1]))"
                    let reason = "\(length) units, but \(name) has \(array.shape[1]); where it was cut: \(cure)"
                    problems.add(row: row, "lengths", reason)
                }
            } else {
                lengths[name] = [Int](repeating: array.shape[1], count: clips)
            }
        }
        for modality in absent { lengths[modality.name] = [Int](repeating: 0, count: clips) }
        return lengths
    }

    /// Units per clip; numbers that are no length are problems and come as 0.
    private static func lengths(
        _ archive: NPZArchive,
        _ array: NPZArchive.Entry,
        limit: Int,
        problems: inout SplitProblems
    ) -> [Int] {
        var lengths: [Int] = []
        let what = "values are not lengths of 0 to \(limit)"
        var wrong = SplitProblems.Group(.init(field: array.name, what: what))
        var long = SplitProblems.Group(
            .init(field: array.name, what: what, cure: "where clips were cut: numpy.minimum(\(array.name), \(limit))"))
        do throws(NPZError) {
            try archive.forEachChunk(of: array) { chunk throws(NPZError) in
                for (index, value) in chunk.values.enumerated() {
                    let length = value >= 0 && value <= 0x1p31 && value.rounded() == value ? Int(value) : nil
                    let reason = { "\(chunk.text(index)) is not a length of 0 to \(limit)" }
                    if length == nil {
                        wrong.add(row: lengths.count, array.name, reason())
                    } else if length.map({ $0 > limit }) == true {
                        long.add(row: lengths.count, array.name, reason())
                    }
                    lengths.append(length.map { min($0, limit) } ?? 0)
                }
            }
        } catch {
            problems.add(error)
        }
        problems.add(wrong)
        problems.add(long)
        return lengths
    }

    /// Clips that have no unit at all, or more than a computation takes.
    private func checkUnits(_ problems: inout SplitProblems) {
        var empty = SplitProblems.Group(.noModality)
        var long = SplitProblems.Group(.tooLong(options.maximumClipUnits))
        for row in 0..<clipCount {
            let units = lengths.values.reduce(0) { $0 + $1[row] }
            if units == 0 { empty.add(row: row, "lengths", "the clip has no modality") }
            if units > options.maximumClipUnits {
                long.add(row: row, "lengths", "\(units) units in all modalities, at most \(options.maximumClipUnits)")
            }
        }
        problems.add(empty)
        problems.add(long)
    }

    // MARK: Data

    /// Reads features, labels and ids. The clips are nil when they do not stay in memory or something is wrong.
    func read(
        to destination: ClipDestination,
        report: inout SplitReport,
        problems: inout SplitProblems
    ) -> (clips: Clips?, fingerprints: SplitFingerprints) {
        report.clips = clipCount
        report.labelNames = labelNames
        var statistics = SplitStatistics(clips: clipCount)
        for warning in layout.warnings { statistics.add(warning) }
        let ids = readIDs(problems: &problems)
        var sequences: [String: Sequences] = [:]
        if problems.isEmpty { destination.writer?.begin(packedLayout(ids: ids)) }
        for modality in modalities {
            let lengths = lengths[modality.name] ?? []
            report.modalities.append(
                SplitReport.ModalityReport(
                    name: modality.name,
                    featureSize: modality.featureSize,
                    shape: layout.features[modality.name]?.shape ?? [clipCount, 0, modality.featureSize],
                    lengths: lengths
                )
            )
            // What is known to be thrown away is not kept.
            let target = problems.isEmpty ? destination : .nowhere
            let units = read(modality, lengths, ids, to: target, &statistics, &report, &problems)
            if problems.isEmpty { sequences[modality.name] = units }
        }
        var keepsLabels = problems.isEmpty
        if case .nowhere = destination { keepsLabels = false }
        let labels = readLabels(keepsLabels: keepsLabels, report: &report, problems: &problems)
        if labelCount != nil {
            let names = options.labels ?? labelNames
            statistics.add(labelCounts: report.labelCounts, clips: clipCount, names: names)
        }
        let (warnings, fingerprints) = statistics.finish(ids: ids)
        report.warnings = warnings
        guard problems.isEmpty else { return (nil, fingerprints) }
        destination.writer?.finish(labels: labels)
        guard case .memory = destination else { return (nil, fingerprints) }
        let clips = Clips(
            count: clipCount, modalities: sequences, labels: labels, labelCount: labelCount ?? 0, ids: ids)
        return (clips, fingerprints)
    }

    private func packedLayout(ids: [String]?) -> PackedSplitLayout {
        PackedSplitLayout(
            columns: modalities.map { .init(modality: $0, lengths: lengths[$0.name] ?? []) },
            labelCount: labelCount,
            labelNames: options.labels ?? labelNames,
            ids: ids
        )
    }

    /// The units of a modality; nil when they do not stay in memory or cannot be read.
    private func read(
        _ modality: Modality,
        _ lengths: [Int],
        _ ids: [String]?,
        to destination: ClipDestination,
        _ statistics: inout SplitStatistics,
        _ report: inout SplitReport,
        _ problems: inout SplitProblems
    ) -> Sequences? {
        guard let array = layout.features[modality.name] else {
            return Sequences(featureSize: modality.featureSize, lengths: lengths, values: [])
        }
        var unpacker = UnitUnpacker(
            array: array, lengths: lengths, replacesNonfinite: options.replaceNonfinite, ids: ids)
        do throws(NPZError) {
            let values = try unpacker.read(from: archive, to: destination)
            problems.add(unpacker.problems)
            report.replacedValues += unpacker.replaced.count
            statistics.add(unpacker.statistics, of: modality.name, lengths: lengths, ids: ids)
            statistics.add(unpacker.replaced.sayingReplaced())
            destination.writer?.note(replaced: unpacker.replacedPerFeature, of: modality.name)
            guard case .memory = destination else { return nil }
            return Sequences(
                featureSize: modality.featureSize,
                lengths: lengths,
                values: values,
                replaced: unpacker.replacedPerFeature
            )
        } catch {
            problems.add(error)
            return nil
        }
    }

    /// Counts the labels, and returns [N, K] of them where they are kept.
    private func readLabels(
        keepsLabels: Bool,
        report: inout SplitReport,
        problems: inout SplitProblems
    ) -> [Float]? {
        guard let array = layout.labels, let labelCount else { return nil }
        var labels = [Float](repeating: 0, count: keepsLabels ? array.count : 0)
        var group = SplitProblems.Group(.notBinary(array))
        var counter = LabelCounter(clips: clipCount, labels: labelCount)
        do throws(NPZError) {
            try archive.forEachChunk(of: array) { chunk throws(NPZError) in
                for (offset, value) in chunk.values.enumerated() {
                    let index = chunk.position + offset
                    let (row, label) =
                        array.isFortranOrder
                        ? (index % clipCount, index / clipCount) : (index / labelCount, index % labelCount)
                    if keepsLabels { labels[row * labelCount + label] = value }
                    if value > 0.5 { counter.add(row: row, label: label) }
                    if value != 0 && value != 1 {
                        group.add(
                            row: row, "\(array.name)[\(label)]", "\(chunk.text(offset)) is neither 0 nor 1")
                    }
                }
            }
        } catch {
            problems.add(error)
        }
        problems.add(group)
        report.count(counter)
        return keepsLabels ? labels : nil
    }

    private func readIDs(problems: inout SplitProblems) -> [String]? {
        guard let array = layout.ids else { return nil }
        guard array.header.byteCount <= max(Self.freeIDBytes, archive.byteCount) else {
            let reason =
                "\(array.header.byteCount) bytes of ids, more than the file has and more than \(Self.freeIDBytes)"
            problems.add(array.name, reason)
            return nil
        }
        var group = SplitProblems.Group(.badID(array.name))
        var ids: [String] = []
        do throws(NPZError) {
            let strings = try archive.strings(of: array, limit: SplitOptions.maximumIDBytes)
            for (row, id) in strings.enumerated() {
                let fault = SplitProblems.fault(inID: id)
                if let fault { group.add(row: row, array.name, fault) }
                ids.append(fault == nil ? id ?? "" : "")
            }
        } catch {
            problems.add(error)
            return nil
        }
        problems.add(group)
        return ids
    }
}

extension SplitProblems {
    /// What is wrong with an id, nil when nothing is; an id that is nil could not be read as text.
    static func fault(inID id: String?) -> String? {
        guard let id, !id.utf8.contains(0) else { return "an id must be text in UTF-8, without NUL" }
        guard id.utf8.count <= SplitOptions.maximumIDBytes else {
            return "an id is longer than \(SplitOptions.maximumIDBytes) bytes: \(id.prefix(20))…"
        }
        return nil
    }
}

extension SplitProblems.Cause {
    static let noModality = SplitProblems.Cause(
        field: "lengths", what: "clips have no modality", cure: "leave out clips whose lengths are all 0")

    static func tooLong(_ limit: Int) -> SplitProblems.Cause {
        .init(
            field: "lengths",
            what: "clips have more units than the \(limit) that a model takes, all modalities together",
            cure: "average neighbouring units, or take some of them: audio[:, ::4]"
        )
    }

    static func notBinary(_ array: NPZArchive.Entry) -> SplitProblems.Cause {
        let name = array.name
        let cure =
            array.isInteger && array.shape[1] == 1
            ? "for one label a clip, by number: numpy.eye(\(name).max() + 1, dtype='int64')[\(name)[:, 0]]"
            : "of intensities make (\(name) > 0).astype('int64'), or take a threshold of your own"
        return .init(
            field: name, what: "values are neither 0 nor 1",
            cure: "\(cure); leave out clips whose labels are unknown (NaN, -1)")
    }

    static func badID(_ array: String) -> SplitProblems.Cause {
        .init(field: array, what: "ids cannot be used")
    }
}
