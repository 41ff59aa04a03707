import Engine
import Foundation
import JSON

/// A split as newline-delimited JSON that is read clip by clip.
struct LineSplit {
    private struct Column {
        let featureSize: Int
        var lengths: [Int]
        var values: [Float] = []
        /// The values, where they do not stay in memory.
        var scratch: ScratchFile?
        /// Σ lengths.
        var units = 0
        /// Values that were not finite, of each feature; empty without any.
        var replaced: [Int] = []
        var statistics: UnitStatistics

        init(featureSize: Int, lengths: [Int]) {
            self.featureSize = featureSize
            self.lengths = lengths
            statistics = UnitStatistics(featureSize: featureSize)
            statistics.reserve(clips: lengths.count, units: 0)
        }

        /// Takes in the units of the next clip; nil when it has none.
        mutating func add(_ clipUnits: Clip.Units?, to destination: ClipDestination) {
            // Units of another size are a problem, and have no place in the column.
            let clipUnits = clipUnits?.featureSize == featureSize ? clipUnits : nil
            let (clip, length) = (lengths.count, clipUnits?.length ?? 0)
            statistics.reserve(clips: clip + 1, units: units + length)
            lengths.append(length)
            guard let clipUnits else { return }
            var seen = clipUnits.values
            for position in clipUnits.replaced {
                seen[position] = .nan
                if replaced.isEmpty { replaced = [Int](repeating: 0, count: featureSize) }
                replaced[position % featureSize] += 1
            }
            seen.withUnsafeBufferPointer { statistics.add($0, clip: clip, offset: 0, firstUnit: units) }
            units += length
            switch destination {
            case .nowhere: break
            case .memory: values += clipUnits.values
            case .file(let writer):
                scratch = scratch ?? writer.makeScratchFile()
                writer.attempt {
                    try clipUnits.values.withUnsafeBytes { bytes in try scratch?.append(bytes) }
                }
            }
        }
    }

    /// Lengths that a file of a few bytes may come to: one is kept for each clip and modality, and besides these no more
    /// than the file has bytes.
    private static let spareLengths = 1 << 16

    private let options: SplitOptions
    private let destination: ClipDestination
    private let decoder: ClipDecoder
    private var count = 0
    /// Of all lines so far.
    private var byteCount = 0
    /// Whether nothing more is to be learned from reading on.
    private var isGivenUp = false
    /// Memory that the clips would have needed, and that cannot be had.
    private(set) var shortage: MemoryError?
    private var columns: [String: Column] = [:]
    private var labels: [Float] = []
    private var labelCount: Int?
    private var labelledClips = 0
    private var ids: [String] = []
    private var hasIDs = false
    private var replaced: [String: SplitWarning] = [:]

    init(options: SplitOptions, destination: ClipDestination) {
        self.options = options
        self.destination = destination
        var limits = ClipDecoder.Limits()
        limits.bytes = options.maximumLineBytes
        decoder = ClipDecoder(
            modalities: options.modalities,
            labels: options.labels,
            ignoresLabels: options.ignoresLabels,
            replacesNonfinite: options.replaceNonfinite,
            limits: limits
        )
        for modality in options.modalities ?? [] {
            columns[modality.name] = Column(featureSize: modality.featureSize, lengths: [])
        }
        labelCount = options.labels?.count ?? options.labelCount
    }

    /// Reads the file. The clips are nil when they do not stay in memory or something is wrong.
    mutating func read(
        path: String,
        report: inout SplitReport,
        problems: inout SplitProblems
    ) -> (clips: Clips?, fingerprints: SplitFingerprints) {
        guard var reader = LineReader(path: path, limit: options.maximumLineBytes) else {
            problems.add("file", "cannot be opened")
            return (nil, SplitFingerprints(ids: nil, contents: []))
        }
        do throws(LineReader.Fault) {
            while try reader.next({ line in add(line, &problems) }) {
                guard reader.position <= options.maximumBytes else {
                    problems.add("file", "longer than \(options.maximumBytes) bytes")
                    break
                }
                if isGivenUp || destination.mustStop { break }
            }
        } catch {
            problems.add("line \(error.line)", error.reason)
        }
        let fingerprints = finish(&report, &problems)
        guard problems.isEmpty, shortage == nil else { return (nil, fingerprints) }
        if let writer = destination.writer { pack(into: writer) }
        guard case .memory = destination else { return (nil, fingerprints) }
        let clips = Clips(
            count: count,
            modalities: columns.mapValues {
                Sequences(
                    featureSize: $0.featureSize, lengths: $0.lengths, values: $0.values, replaced: $0.replaced)
            },
            labels: labelledClips > 0 ? labels : nil,
            labelCount: labelCount ?? 0,
            ids: hasIDs ? ids : nil
        )
        return (clips, fingerprints)
    }

    /// Puts the columns together, of which nothing was known before the last line.
    private func pack(into writer: PackedSplitWriter) {
        let columns = columns.sorted { $0.key < $1.key }
        writer.begin(
            PackedSplitLayout(
                columns: columns.map { name, column in
                    .init(modality: Modality(name: name, featureSize: column.featureSize), lengths: column.lengths)
                },
                labelCount: labelledClips > 0 ? labelCount : nil,
                labelNames: options.labels,
                ids: hasIDs ? ids : nil
            )
        )
        for (name, column) in columns {
            if let scratch = column.scratch { writer.append(scratch) }
            writer.note(replaced: column.replaced, of: name)
        }
        writer.finish(labels: labels)
    }

    /// Of the columns. In an array, as `columns.keys` would hold on to the columns, and each change would copy one whole.
    private var names: [String] { Array(columns.keys) }

    private mutating func add(_ line: UnsafeRawBufferPointer, _ problems: inout SplitProblems) {
        let row = count
        count += 1
        byteCount += line.count
        guard hasRoom(modalities: columns.count, "file", &problems) else { return }
        do throws(ClipError) {
            add(try decoder.decodeClip(line), row: row, &problems)
        } catch {
            let field = Self.field(error.pointer)
            problems.add(row: row, field, error.detail, cause: .clip(error, field: field))
            ids.append("")
            for name in names { columns[name]?.add(nil, to: .nowhere) }
        }
    }

    private mutating func add(_ clip: Clip, row: Int, _ problems: inout SplitProblems) {
        for (name, units) in clip.modalities {
            guard columns[name] != nil || hasRoom(modalities: columns.count + 1, name, &problems) else { return }
            let column =
                columns[name] ?? Column(featureSize: units.featureSize, lengths: [Int](repeating: 0, count: row))
            columns[name] = column
            if column.featureSize != units.featureSize {
                problems.add(row: row, name, "\(units.featureSize) features, not \(column.featureSize)")
            }
        }
        // What is known to be thrown away is not kept: memory stays small however many lines are wrong.
        let target = problems.isEmpty ? destination : .nowhere
        if case .memory = target, !hasMemory(for: clip) { return }
        for name in names {
            let units = clip.modalities[name]
            columns[name]?.add(units, to: target)
            if let units, !units.replaced.isEmpty { count(units, of: name, row: row) }
        }
        addLabels(clip.labels, row: row, &problems)
        let units = clip.modalities.values.reduce(0) { $0 + $1.length }
        if units > options.maximumClipUnits {
            let reason = "\(units) units in all modalities, at most \(options.maximumClipUnits)"
            problems.add(row: row, "clip", reason, cause: .tooLong(options.maximumClipUnits))
        }
        hasIDs = hasIDs || clip.id != nil
        let fault = SplitProblems.fault(inID: clip.id ?? "")
        if let fault { problems.add(row: row, "id", fault, cause: .badID("id")) }
        ids.append(fault == nil ? clip.id ?? "" : "")
    }

    /// Notes values that were not finite and came as 0.
    private mutating func count(_ units: Clip.Units, of name: String, row: Int) {
        for position in units.replaced {
            let (unit, feature) = position.quotientAndRemainder(dividingBy: units.featureSize)
            replaced[name, default: SplitWarning(.nonfinite, name)].add(
                "clip \(row), \(name)[unit \(unit), feature \(feature)]")
        }
    }

    /// Whether memory stays in proportion to the file with so many modalities; else the file is given up.
    private mutating func hasRoom(modalities: Int, _ field: String, _ problems: inout SplitProblems) -> Bool {
        if isGivenUp { return false }
        if modalities > ClipForm.modalityLimit {
            problems.add(row: count - 1, field, "with it there are more than \(ClipForm.modalityLimit) modalities")
            isGivenUp = true
        } else if modalities * count > byteCount + Self.spareLengths {
            let reason = "with it there are \(modalities) modalities of \(count) clips, which have hardly any of them"
            problems.add(row: count - 1, field, reason)
            isGivenUp = true
        }
        // The clip at hand is left out, so that all that is kept is of the same clips.
        if isGivenUp { count -= 1 }
        return !isGivenUp
    }

    /// Whether memory can be had for the units of a clip; else the file is given up.
    private mutating func hasMemory(for clip: Clip) -> Bool {
        for (name, units) in clip.modalities {
            guard let values = columns[name]?.values, values.count + units.values.count > values.capacity else {
                continue
            }
            // An array that grows makes room for twice what it has.
            let bytes = 2 * (values.count + units.values.count) * MemoryLayout<Float>.size
            shortage = shortage ?? Memory.shortage(bytes, for: "the split")
        }
        guard shortage != nil else { return true }
        isGivenUp = true
        count -= 1
        return false
    }

    private mutating func addLabels(_ clipLabels: [Float]?, row: Int, _ problems: inout SplitProblems) {
        guard let clipLabels else {
            if options.requiresLabels {
                let cause = SplitProblems.Cause(field: "labels", what: "clips have no labels")
                problems.add(row: row, "labels", "there are no labels", cause: cause)
            }
            return
        }
        guard clipLabels.count <= SplitOptions.maximumLabels else {
            let reason = "\(clipLabels.count) labels, at most \(SplitOptions.maximumLabels)"
            problems.add(row: row, "labels", reason, cause: .init(field: "labels", what: "clips have too many labels"))
            return
        }
        labelledClips += 1
        let expected = labelCount ?? clipLabels.count
        labelCount = expected
        if clipLabels.count != expected {
            problems.add(row: row, "labels", "\(clipLabels.count) labels, not \(expected)")
        } else {
            labels += clipLabels
        }
    }

    private func finish(_ report: inout SplitReport, _ problems: inout SplitProblems) -> SplitFingerprints {
        if count == 0, problems.isEmpty { problems.add("file", "there is no clip") }
        if labelledClips > 0, labelledClips < count, !options.requiresLabels {
            problems.add("labels", "\(count - labelledClips) of \(count) clips have no labels")
        }
        report.clips = count
        report.modalities = columns.sorted { $0.key < $1.key }.map { name, column in
            SplitReport.ModalityReport(
                name: name,
                featureSize: column.featureSize,
                shape: [count, column.lengths.max() ?? 0, column.featureSize],
                lengths: column.lengths
            )
        }
        var statistics = SplitStatistics(clips: count)
        let ids = hasIDs ? ids : nil
        for (name, column) in columns.sorted(by: { $0.key < $1.key }) {
            statistics.add(column.statistics, of: name, lengths: column.lengths, ids: ids)
            statistics.add(replaced[name]?.sayingReplaced())
            report.replacedValues += column.replaced.reduce(0, +)
        }
        if labelledClips > 0, let labelCount, labelCount > 0 {
            var counter = LabelCounter(clips: labels.count / labelCount, labels: labelCount)
            for (index, label) in labels.enumerated() where label > 0.5 {
                counter.add(row: index / labelCount, label: index % labelCount)
            }
            report.count(counter)
            statistics.add(labelCounts: counter.counts, clips: labelledClips, names: options.labels)
        }
        let (warnings, fingerprints) = statistics.finish(ids: ids)
        report.warnings = warnings
        return fingerprints
    }

    /// A pointer into a clip in the words of a problem: /text/4/2 is text[unit 4, feature 2].
    private static func field(_ pointer: String) -> String {
        let parts = JSONPointer.tokens(pointer)
        guard let name = parts.first else { return "clip" }
        switch (name, parts.count) {
        case (_, 1): return name
        case ("labels", _): return "labels[\(parts[1])]"
        case (_, 2): return "\(name)[unit \(parts[1])]"
        default: return "\(name)[unit \(parts[1]), feature \(parts[2])]"
        }
    }
}

extension SplitProblems.Cause {
    /// Clips with the same fault at the same modality or member.
    fileprivate static func clip(_ error: ClipError, field: String) -> SplitProblems.Cause {
        let name = String(field.prefix { $0 != "[" })
        switch error.code {
        case .malformedJSON:
            return .init(
                field: name,
                what: "lines are not JSON",
                cure:
                    "write a clip a line with json.dumps(clip, allow_nan=False), and null for what is NaN or infinite, "
                    + "which replace_nonfinite reads as 0"
            )
        case .notANumber:
            return .init(
                field: name,
                what: "values are not numbers that fit a 32-bit float",
                cure: "replace_nonfinite reads null and numbers that are too large as 0; numbers in quotes are none"
            )
        case .badClip where name == "labels":
            return .init(
                field: name,
                what: "clips have labels that cannot be used",
                cure: "labels are 0 or 1 each, or the names of those that a clip has"
            )
        default: return .init(field: name, what: "clips cannot be used for this reason")
        }
    }
}
