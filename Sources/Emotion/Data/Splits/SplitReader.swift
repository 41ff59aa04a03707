import Engine
import Foundation

/// Reads and checks a split: a file in npz format or newline-delimited JSON, told apart by content.
///
/// **npz**: a float array [N, L, D] per modality; `labels` [N, K] of 0 and 1; `lengths` [N] or `lengths_<modality>` [N], the
/// real units of each clip (what follows is padding and is dropped, 0 means the clip lacks the modality; without lengths all
/// units are real); `ids` or `id` [N], text or integers; `label_names` [K], text. `<modality>_lengths` is read as
/// `lengths_<modality>`, the only text [N] whose name ends in `id` or `ids` as ids; any other array is an error.
///
/// **JSON lines**: a clip a line, `{"id": …, "labels": [0, 1] or ["happy"], "text": [[…], …], "audio": null}`.
package enum SplitReader {
    /// The modalities and labels of a split, without its data.
    package struct Signature: Sendable, Equatable {
        /// Sorted by name.
        package let modalities: [Modality]
        /// nil when the split has no labels.
        package let labelCount: Int?
        /// As the split names them; nil when it does not.
        package let labelNames: [String]?
    }

    /// What checking a split found.
    package struct Inspection: Sendable {
        package var report = SplitReport()
        /// By which its clips are found again in other splits.
        package var fingerprints = SplitFingerprints(ids: nil, contents: [])

        package init() {}
    }

    /// Reads a split into memory, once: packed, without padding.
    ///
    /// - Throws: ``DatasetError`` with everything that is wrong with it, `MemoryError` when it does not fit into memory.
    package static func read(
        path: String,
        options: SplitOptions = SplitOptions()
    ) throws -> (clips: Clips, report: SplitReport) {
        var (clips, inspection, shortage) = scan(path: path, options: options, destination: .memory)
        if let shortage { throw shortage }
        guard inspection.report.problemCount == 0, let clips = clips.take() else {
            throw error(inspection.report, path: path)
        }
        return (clips, inspection.report)
    }

    /// Checks a split as ``read(path:options:)`` does, without keeping its features: memory does not depend on their number.
    package static func inspect(path: String, options: SplitOptions = SplitOptions()) -> SplitReport {
        examine(path: path, options: options).report
    }

    /// The same, with what is needed to find its clips again in other splits.
    package static func examine(path: String, options: SplitOptions = SplitOptions()) -> Inspection {
        scan(path: path, options: options, destination: .nowhere).inspection
    }

    /// The same, and writes the clips to a packed file in the same go; memory does not depend on their number either.
    ///
    /// - Parameter writer: has a `contentDigest` afterwards, and its file is whole, where the report has no problems.
    /// - Throws: `SystemError` and `CancellationError` of the writer.
    package static func pack(
        path: String,
        into writer: PackedSplitWriter,
        options: SplitOptions = SplitOptions()
    ) throws -> Inspection {
        let inspection = scan(path: path, options: options, destination: .file(writer)).inspection
        if let failure = writer.failure { throw failure }
        return inspection
    }

    /// What a split holds, for an npz file from its headers alone.
    package static func signature(
        path: String,
        options: SplitOptions = SplitOptions()
    ) throws(DatasetError) -> Signature {
        var problems = SplitProblems(limit: options.maximumProblems)
        if SplitFormat(path: path) == .archive {
            guard let split = NPZSplit(path: path, options: options, problems: &problems), problems.isEmpty else {
                throw DatasetError(file: fileName(path), problems: problems.listed, problemCount: problems.count)
            }
            return Signature(modalities: split.modalities, labelCount: split.labelCount, labelNames: split.labelNames)
        }
        let report = inspect(path: path, options: options)
        guard report.problemCount == 0 else { throw error(report, path: path) }
        let modalities = report.modalities.map { Modality(name: $0.name, featureSize: $0.featureSize) }
        return Signature(modalities: modalities, labelCount: report.labelCount, labelNames: nil)
    }

    private static func scan(
        path: String,
        options: SplitOptions,
        destination: ClipDestination
    ) -> (clips: Clips?, inspection: Inspection, shortage: MemoryError?) {
        var problems = SplitProblems(limit: options.maximumProblems)
        var inspection = Inspection()
        var clips: Clips?
        var shortage: MemoryError?
        switch isFile(path) ? SplitFormat(path: path) : nil {
        case .archive:
            if let split = NPZSplit(path: path, options: options, problems: &problems) {
                if case .memory = destination { shortage = Memory.shortage(split.byteCount, for: "the split") }
                if shortage != nil { break }
                (clips, inspection.fingerprints) = split.read(
                    to: destination, report: &inspection.report, problems: &problems)
            }
        case .lines:
            var split = LineSplit(options: options, destination: destination)
            (clips, inspection.fingerprints) = split.read(
                path: path, report: &inspection.report, problems: &problems)
            shortage = split.shortage
        case .some(let other): problems.add("file", other.fault ?? "")
        case nil: problems.add("file", isFile(path) ? "cannot be opened" : "there is no regular file")
        }
        inspection.report.problems = problems.listed
        inspection.report.problemCount = problems.count
        return (clips, inspection, shortage)
    }

    private static func error(_ report: SplitReport, path: String) -> DatasetError {
        DatasetError(file: fileName(path), problems: report.problems, problemCount: report.problemCount)
    }

    private static func fileName(_ path: String) -> String { (path as NSString).lastPathComponent }

    /// An archive is read from its end, which a pipe does not have.
    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}

/// What becomes of the clips of a split while it is read.
enum ClipDestination {
    /// They are checked only.
    case nowhere
    case memory
    case file(PackedSplitWriter)

    var writer: PackedSplitWriter? { if case .file(let writer) = self { writer } else { nil } }

    /// Whether reading on is of no use, as what is read has nowhere to go.
    var mustStop: Bool { writer?.mustStop() == true }
}
