import Emotion
import Foundation
import JSON
import Jobs

/// What is known of an uploaded split; the document of its record.
struct SplitDocument: Codable, Sendable, Equatable {
    var report: SplitReport
    /// What it has in common with the splits that were there when it came.
    var overlaps: [Overlap] = []
    /// Over the clips, whatever the format of the file they came in; nil where the split is kept as that file, by an older
    /// server that did not pack it.
    var contentDigest: String?

    private enum CodingKeys: String, CodingKey {
        case report, overlaps
        case contentDigest = "content_digest"
    }

    /// What a split has in common with one other.
    struct Overlap: Codable, Sendable, Equatable {
        let split: String
        /// Of the other split's file: of another file nothing is known.
        let digest: String
        let warnings: [SplitWarning]
    }

    init(report: SplitReport, overlaps: [Overlap], contentDigest: String?) {
        self.report = report
        self.overlaps = overlaps
        self.contentDigest = contentDigest
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let report = try container.decodeIfPresent(SplitReport.self, forKey: .report) {
            self.report = report
            overlaps = try container.decode([Overlap].self, forKey: .overlaps)
            contentDigest = try container.decodeIfPresent(String.self, forKey: .contentDigest)
        } else {
            // Stored before splits were compared: the report alone.
            report = try SplitReport(from: decoder)
        }
    }

    /// The report with what the split has in common with the splits as they now are.
    func report(among splits: [SplitRecord]) -> SplitReport {
        var report = report
        let digests = Dictionary(uniqueKeysWithValues: splits.map { ($0.name, $0.digest) })
        report.warnings += overlaps.filter { digests[$0.split] == $0.digest }.flatMap(\.warnings)
        return report
    }
}

extension SplitRecord {
    /// The document read.
    var contents: SplitDocument {
        get throws { try JSONReader.decode(SplitDocument.self, from: document) }
    }
}
