import ArgumentParser
import Emotion
import Foundation

/// `limbic evaluate`: how well a model does on labelled clips.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure a model on a file of labelled clips.")

    @Option(help: "Model directory.")
    var model: String

    @Option(help: "Labelled clips, npz or newline-delimited JSON, or - for standard input.")
    var data: String

    @Option(help: "tuned, or a probability from 0 to 1 (default: the model's own).")
    var threshold: ThresholdChoice?

    @OptionGroup var precision: PredictionPrecisionOption

    @OptionGroup var threads: ThreadsOption

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        try Failure.reporting {
            try Paths.requireModel(self.model)
            if data != "-" { try Paths.requireFile(data) }
            try threads.apply()
            let model = try ModelDirectory.read(self.model, precision: precision.precision)
            let configuration = model.configuration
            let thresholds = try ThresholdChoice.thresholds(threshold, of: model)
            var options = SplitOptions()
            options.modalities = configuration.modalities
            options.labels = configuration.labels
            options.replaceNonfinite = configuration.hyperparameters.replaceNonfinite
            let clips = try StandardInput.withFile(data) { try SplitReader.read(path: $0, options: options).clips }
            guard let truth = clips.labels else { preconditionFailure("labels were required of the split") }
            let probabilities = model.probabilities(ofSplit: clips)
            let labels = configuration.labels
            let metrics = Metrics(probabilities: probabilities, truth: truth, labels: labels, thresholds: thresholds)
            guard metrics.counting?.isMeaningless != true else {
                throw Failure(
                    .badData,
                    "\(data): none of the \(clips.count) clips can be computed; are the features not too large?")
            }
            let report = Report(
                data: data, model: self.model, clips: clips.count, labels: labels, thresholds: thresholds.values,
                thresholdRule: thresholds.rule, selectedBy: configuration.selectedBy,
                bestEpoch: configuration.training?.bestEpoch, metrics: metrics,
                byThreshold: ThresholdComparison(
                    probabilities: probabilities, truth: truth, labels: labels,
                    tuned: configuration.training?.thresholds))
            try StandardOutput.write(json ? report.json() : report.text)
        }
    }
}

extension Evaluate {
    /// What was measured. In JSON the members have the names of the properties in snake case.
    private struct Report: Encodable {
        let data: String
        let model: String
        let clips: Int
        let labels: [String]
        /// Those of `metrics`, one per label, and where they come from.
        let thresholds: [Float]
        let thresholdRule: Thresholds.Rule
        /// By which metric of which split the epoch was selected, and which it was; nil for weights that were brought in.
        let selectedBy: String?
        let bestEpoch: Int?
        let metrics: Metrics
        let byThreshold: ThresholdComparison

        func json() throws -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
        }

        var text: String {
            let epoch = bestEpoch.map { "; epoch \($0) of the training, selected by \(selectedBy ?? "-")" } ?? ""
            let columns = MetricsTable.columns("", own: metrics, byThreshold)
            let tuned =
                byThreshold.tuned.map { _ in
                    "tuned: at the threshold of each label with the best F1 on the validation split\n"
                }
                ?? ""
            return "\(clips) clips of \(data)\(epoch)\n\(tuned)" + MetricsTable(labels: labels, columns: columns).text
        }
    }
}
