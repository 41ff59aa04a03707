import ArgumentParser
import Emotion
import Foundation

/// `limbic evaluate`: how well a model does on labelled clips.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure a model on a file of labelled clips.")

    @Option(help: "Model directory.")
    var model: String

    @Option(help: "Labelled clips, npz or newline-delimited JSON.")
    var data: String

    @Option(help: "tuned, or a probability from 0 to 1 (default: the model's own).")
    var threshold: ThresholdChoice?

    @Option(help: "Numbers that products multiply (default: as in training).")
    var precision: Hyperparameters.Precision?

    @OptionGroup var threads: ThreadsOption

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        try Failure.reporting {
            try Paths.requireModel(self.model)
            try Paths.requireFile(data)
            try threads.apply()
            let model = try ModelDirectory.read(self.model, precision: precision)
            let configuration = model.configuration
            let thresholds = try ThresholdChoice.thresholds(threshold, of: configuration)
            var options = SplitOptions()
            options.modalities = configuration.modalities
            options.labels = configuration.labels
            options.replaceNonfinite = configuration.hyperparameters.replaceNonfinite
            let clips = try SplitReader.read(path: data, options: options).clips
            guard let labels = clips.labels else { preconditionFailure("labels were required of the split") }
            let metrics = Metrics(
                probabilities: model.probabilities(ofSplit: clips),
                labels: labels,
                labelCount: clips.labelCount,
                thresholds: thresholds
            )
            try StandardOutput.write(
                json
                    ? report(metrics, clips: clips.count, labels: configuration.labels, thresholds).text + "\n"
                    : "\(clips.count) clips of \(data)\n"
                        + MetricsTable(labels: configuration.labels, columns: [("value", metrics)]).text
            )
        }
    }

    private func report(_ metrics: Metrics, clips: Int, labels: [String], _ thresholds: [Float]) -> JSONText {
        .object([
            ("data", .string(data)), ("model", .string(model)), ("clips", .integer(clips)),
            ("labels", .strings(labels)),
            ("thresholds", .array(thresholds.map(JSONText.float))),
            (
                "metrics",
                .object([
                    ("accuracy", .number(metrics.accuracy)),
                    ("hamming_loss", .number(metrics.hammingLoss)),
                    ("micro_precision", .number(metrics.microPrecision)),
                    ("micro_recall", .number(metrics.microRecall)),
                    ("micro_f1", .number(metrics.microF1)),
                    ("macro_f1", .number(metrics.macroF1)),
                    ("per_label_f1", .array(metrics.perLabelF1.map(JSONText.number))),
                    ("per_label_auroc", .array(metrics.perLabelAUROC.map(JSONText.optional))),
                    ("macro_auroc", .optional(metrics.macroAUROC)),
                    ("per_label_average_precision", .array(metrics.perLabelAveragePrecision.map(JSONText.optional))),
                    ("macro_average_precision", .optional(metrics.macroAveragePrecision)),
                    (
                        "per_label_expected_calibration_error",
                        .array(metrics.perLabelExpectedCalibrationError.map(JSONText.optional))
                    ),
                    ("expected_calibration_error", .optional(metrics.expectedCalibrationError)),
                ])
            ),
        ])
    }
}
