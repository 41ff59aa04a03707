import Foundation

/// Reads and checks a split: a file in npz format or newline-delimited JSON, told apart by content.
///
/// **npz**: a float array [N, L, D] per modality; `labels` [N, K] of 0 and 1; `lengths` [N] or `lengths_<modality>` [N], the
/// real units of each clip (what follows is padding and is dropped, 0 means the clip lacks the modality; without lengths all
/// units are real); `ids` or `id` [N], text or integers. Any other array is an error.
///
/// **JSON lines**: a clip a line, `{"id": …, "labels": [0, 1] or ["happy"], "text": [[…], …], "audio": null}`.
package enum SplitReader {
    /// The modalities and labels of a split, without its data.
    package struct Signature: Sendable, Equatable {
        /// Sorted by name.
        package let modalities: [Modality]
        /// nil when the split has no labels.
        package let labelCount: Int?
    }

    /// Reads a split into memory, once: packed, without padding.
    ///
    /// - Throws: ``DatasetError`` with everything that is wrong with it.
    package static func read(
        path: String,
        options: SplitOptions = SplitOptions()
    ) throws(DatasetError) -> (clips: Clips, report: SplitReport) {
        var outcome = scan(path: path, options: options, keepsClips: true)
        guard outcome.report.problemCount == 0, let clips = outcome.clips.take() else {
            throw error(outcome.report, path: path)
        }
        return (clips, outcome.report)
    }

    /// Checks a split as ``read(path:options:)`` does, without keeping its features: memory does not depend on the size.
    package static func inspect(path: String, options: SplitOptions = SplitOptions()) -> SplitReport {
        scan(path: path, options: options, keepsClips: false).report
    }

    /// What a split holds, for an npz file from its headers alone.
    package static func signature(
        path: String,
        options: SplitOptions = SplitOptions()
    ) throws(DatasetError) -> Signature {
        var problems = SplitProblems(limit: options.maximumProblems)
        if isArchive(path) {
            guard let split = NPZSplit(path: path, options: options, problems: &problems), problems.isEmpty else {
                throw DatasetError(file: fileName(path), problems: problems.listed, problemCount: problems.count)
            }
            return Signature(modalities: split.modalities, labelCount: split.labelCount)
        }
        let report = inspect(path: path, options: options)
        guard report.problemCount == 0 else { throw error(report, path: path) }
        let modalities = report.modalities.map { Modality(name: $0.name, featureSize: $0.featureSize) }
        return Signature(modalities: modalities, labelCount: report.labelCount)
    }

    private static func scan(
        path: String,
        options: SplitOptions,
        keepsClips: Bool
    ) -> (clips: Clips?, report: SplitReport) {
        var problems = SplitProblems(limit: options.maximumProblems)
        var report = SplitReport()
        var clips: Clips?
        if isArchive(path) {
            if let split = NPZSplit(path: path, options: options, problems: &problems) {
                clips = split.read(keepsClips: keepsClips, report: &report, problems: &problems)
            }
        } else {
            var split = LineSplit(options: options, keepsClips: keepsClips)
            clips = split.read(path: path, report: &report, problems: &problems)
        }
        report.problems = problems.listed
        report.problemCount = problems.count
        return (clips, report)
    }

    private static func error(_ report: SplitReport, path: String) -> DatasetError {
        DatasetError(file: fileName(path), problems: report.problems, problemCount: report.problemCount)
    }

    private static func fileName(_ path: String) -> String { (path as NSString).lastPathComponent }

    /// A zip archive starts with PK; no JSON does.
    private static func isArchive(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        return (try? file.read(upToCount: 2)).map { $0.elementsEqual("PK".utf8) } ?? false
    }
}
