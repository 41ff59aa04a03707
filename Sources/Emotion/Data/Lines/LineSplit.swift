import Foundation
import JSON

/// A split as newline-delimited JSON that is read clip by clip.
struct LineSplit {
    private struct Column {
        let featureSize: Int
        var lengths: [Int]
        var values: [Float] = []
    }

    /// Lengths that a file of a few bytes may come to: one is kept for each clip and modality, and besides these no more
    /// than the file has bytes.
    private static let spareLengths = 1 << 16

    private let options: SplitOptions
    private let keepsClips: Bool
    private let decoder: ClipDecoder
    private var count = 0
    /// Of all lines so far.
    private var byteCount = 0
    /// Whether nothing more is to be learned from reading on.
    private var isGivenUp = false
    private var columns: [String: Column] = [:]
    private var labels: [Float] = []
    private var labelCount: Int?
    private var labelledClips = 0
    private var ids: [String] = []
    private var hasIDs = false

    init(options: SplitOptions, keepsClips: Bool) {
        self.options = options
        self.keepsClips = keepsClips
        var limits = ClipDecoder.Limits()
        limits.bytes = options.maximumLineBytes
        decoder = ClipDecoder(modalities: options.modalities, labels: options.labels, limits: limits)
        for modality in options.modalities ?? [] {
            columns[modality.name] = Column(featureSize: modality.featureSize, lengths: [])
        }
        labelCount = options.labels?.count
    }

    /// Reads the file. The clips are nil when they are not kept or something is wrong.
    mutating func read(path: String, report: inout SplitReport, problems: inout SplitProblems) -> Clips? {
        guard var reader = LineReader(path: path, limit: options.maximumLineBytes) else {
            problems.add("file", "cannot be opened")
            return nil
        }
        do throws(LineReader.Fault) {
            while try reader.next({ line in add(line, &problems) }) {
                guard reader.position <= options.maximumBytes else {
                    problems.add("file", "longer than \(options.maximumBytes) bytes")
                    break
                }
                if isGivenUp { break }
            }
        } catch {
            problems.add("line \(error.line)", error.reason)
        }
        finish(&report, &problems)
        guard keepsClips, problems.isEmpty else { return nil }
        return Clips(
            count: count,
            modalities: columns.mapValues {
                Sequences(featureSize: $0.featureSize, lengths: $0.lengths, values: $0.values)
            },
            labels: labelledClips > 0 ? labels : nil,
            labelCount: labelCount ?? 0,
            ids: hasIDs ? ids : nil
        )
    }

    private mutating func add(_ line: UnsafeRawBufferPointer, _ problems: inout SplitProblems) {
        let row = count
        count += 1
        byteCount += line.count
        guard hasRoom(modalities: columns.count, "file", &problems) else { return }
        do throws(ClipError) {
            add(try decoder.decodeClip(line), row: row, &problems)
        } catch {
            problems.add(row: row, Self.field(error.pointer), error.detail)
            for name in columns.keys { columns[name]?.lengths.append(0) }
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
        let keepsValues = keepsClips && problems.isEmpty
        for name in columns.keys {
            let units = clip.modalities[name]
            columns[name]?.lengths.append(units?.length ?? 0)
            if keepsValues, let units { columns[name]?.values += units.values }
        }
        addLabels(clip.labels, row: row, &problems)
        if keepsValues {
            hasIDs = hasIDs || clip.id != nil
            ids.append(clip.id ?? "")
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
        return !isGivenUp
    }

    private mutating func addLabels(_ clipLabels: [Float]?, row: Int, _ problems: inout SplitProblems) {
        guard let clipLabels else {
            if options.requiresLabels { problems.add(row: row, "labels", "there are no labels") }
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

    private func finish(_ report: inout SplitReport, _ problems: inout SplitProblems) {
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
        if labelledClips > 0, let labelCount, labelCount > 0 { report.count(labels: labels, labelCount: labelCount) }
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
