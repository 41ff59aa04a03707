import Emotion
import Foundation
import Jobs
import JSON

/// What was said of a data set when it was made; the document of its record.
struct DatasetDocument: Codable, Sendable, Equatable {
    var modalities: [Modality]?
    var labels: [String]?
    /// Whether features that are not finite are read as 0; nil as false.
    var replacesNonfinite: Bool?

    private enum CodingKeys: String, CodingKey {
        case modalities, labels
        case replacesNonfinite = "replace_nonfinite"
    }
}

/// What clips of a data set hold: as declared when it was made, else as its splits have it.
struct DatasetSchema: Sendable, Equatable {
    /// Sorted by name; nil as long as nothing is known.
    var modalities: [Modality]?
    /// As declared, or as a split names them; nil as long as no name is known.
    var labelNames: [String]?
    /// nil as long as nothing is known.
    var labelCount: Int?
    /// Whether features that are not finite are read as 0 in every split, as was declared.
    var replacesNonfinite: Bool
    /// Whether there are such features, so that a model must read them as 0 too.
    var hasReplacedValues: Bool
    /// Whether the modalities were declared, so that a split may lack one.
    var isDeclared: Bool

    /// - Parameter excluded: a split that has no say, because it is about to be replaced.
    init(_ record: DatasetRecord, excluding excluded: String? = nil) throws {
        let document = try JSONReader.decode(DatasetDocument.self, from: record.document)
        let reports = try record.splits.filter { $0.name != excluded }.map { try $0.contents.report }
        isDeclared = document.modalities != nil
        modalities =
            document.modalities
            ?? reports.first?.modalities.map { Modality(name: $0.name, featureSize: $0.featureSize) }
        modalities?.sort { $0.name < $1.name }
        labelNames = document.labels ?? reports.compactMap(\.labelNames).first
        labelCount = labelNames?.count ?? reports.compactMap(\.labelCount).first
        replacesNonfinite = document.replacesNonfinite == true
        hasReplacedValues = reports.contains { $0.replacedValues > 0 }
    }

    /// The name of each label, nil as long as nothing is known.
    var labels: [String]? { labelCount.map { SplitOptions.labels(labelNames, count: $0) } }

    /// How a split of the data set is read.
    func options(replaceNonfinite: Bool?, in configuration: ServiceConfiguration) -> SplitOptions {
        var options = SplitOptions()
        options.modalities = modalities
        options.labels = labelNames
        options.labelCount = labelCount
        options.replaceNonfinite = replaceNonfinite ?? replacesNonfinite
        options.maximumBytes = configuration.maxUploadSize
        options.maximumClipUnits = configuration.maxClipUnits
        return options
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
        if let labelCount, let count = report.labelCount, labelCount != count {
            problems.append(SplitProblem(field: "labels", reason: "\(count) labels, not \(labelCount)"))
        }
        if let labelNames, let names = report.labelNames, labelNames != names {
            let reason = "differ from those of the data set: \(labelNames.prefix(20).joined(separator: ", "))"
            problems.append(SplitProblem(field: "label_names", reason: reason))
        }
        return problems
    }
}
