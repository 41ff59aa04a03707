import Emotion
import Foundation
import Jobs
import JSON

/// What was said of a data set when it was made; the document of its record.
struct DatasetDocument: Codable, Sendable, Equatable {
    var modalities: [Modality]?
    var labels: [String]?
}

/// What clips of a data set hold: as declared when it was made, else as its splits have it.
struct DatasetSchema: Sendable, Equatable {
    /// Sorted by name; nil as long as nothing is known.
    var modalities: [Modality]?
    /// nil as long as nothing is known.
    var labels: [String]?
    /// Whether the modalities were declared, so that a split may lack one.
    var isDeclared: Bool

    /// - Parameter excluded: a split that has no say, because it is about to be replaced.
    init(_ record: DatasetRecord, excluding excluded: String? = nil) throws {
        let document = try JSONReader.decode(DatasetDocument.self, from: record.document)
        let report = try record.splits.first { $0.name != excluded }?.report
        isDeclared = document.modalities != nil
        modalities =
            document.modalities
            ?? report?.modalities.map { Modality(name: $0.name, featureSize: $0.featureSize) }
        modalities?.sort { $0.name < $1.name }
        labels = document.labels ?? report?.labelCount.map { count in (0..<count).map { "label_\($0)" } }
    }

    /// What keeps a split with this report out of the data set, on top of its own problems.
    func disagreements(with report: SplitReport) -> [SplitProblem] {
        var problems: [SplitProblem] = []
        if let modalities {
            let own = report.modalities.map { Modality(name: $0.name, featureSize: $0.featureSize) }
            for modality in Set(own).symmetricDifference(modalities).sorted(by: { $0.name < $1.name }) {
                let size = modality.featureSize
                let reason =
                    own.contains(modality)
                    ? "\(size) features, which differs from the other splits" : "is missing, with \(size) features"
                problems.append(SplitProblem(field: modality.name, reason: reason))
            }
        }
        for modality in report.modalities where modality.missingRate == 1 && !isDeclared && modalities != nil {
            let reason = "no clip has this modality, which other splits have; declare the modalities to allow that"
            problems.append(SplitProblem(field: modality.name, reason: reason))
        }
        if let labels, let count = report.labelCount, labels.count != count {
            problems.append(SplitProblem(field: "labels", reason: "\(count) labels, not \(labels.count)"))
        }
        return problems
    }
}

extension SplitRecord {
    /// What was found in the file; the document of the record.
    var report: SplitReport {
        get throws { try JSONReader.decode(SplitReport.self, from: document) }
    }
}
