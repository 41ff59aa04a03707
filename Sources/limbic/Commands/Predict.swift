import ArgumentParser
import Emotion
import Foundation

/// `limbic predict`: a line of JSON with probabilities for every clip.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the probability of every label for every clip, a JSON object a line.",
        discussion: """
            The clips come as npz, as a JSON document (a clip, an array of clips, or an object with the member \
            "clips") or as newline-delimited JSON, which is answered line by line. A first line that leaves a bracket \
            open starts a document of several lines.

            A clip that cannot be used gives an object with the member "error" in its place, and exit code 65 at the end.
            """
    )

    @Option(help: "Model directory.")
    var model: String

    @Option(help: "File of clips, or - for standard input.")
    var data: String

    @Option(help: "tuned, or a probability from 0 to 1 (default: the model's own).")
    var threshold: ThresholdChoice?

    @Flag(help: "Add the masking networks' score of every temporal unit.")
    var explain = false

    @OptionGroup var precision: PredictionPrecisionOption

    @OptionGroup var threads: ThreadsOption

    func run() throws {
        try Failure.reporting {
            try Paths.requireModel(self.model)
            if data != "-" { try Paths.requireFile(data) }
            try threads.apply()
            let model = try ModelDirectory.read(self.model, precision: precision.precision)
            if explain, !model.configuration.hasMaskingNetworks {
                throw Failure(.badData, "\(self.model): the model has no masking networks to explain with")
            }
            let thresholds = try ThresholdChoice.thresholds(threshold, of: model)
            let printer = PredictionPrinter(configuration: model.configuration, thresholds: thresholds.values)
            let source = try LineSource(path: data)
            switch source.format {
            case .archive:
                try StandardInput.withFile(data, start: source.unread) { try predictSplit($0, model, printer) }
            case .foreign, .packed:
                throw Failure(.badData, "\(name): \(source.format.fault ?? "")")
            case .lines, .array: try predictLines(source, model, printer)
            }
        }
    }

    /// How many clips are computed together at most.
    private static let batchSize = 64

    private func predictSplit(_ path: String, _ model: Model, _ printer: PredictionPrinter) throws {
        var options = SplitOptions()
        options.modalities = model.configuration.modalities
        options.requiresLabels = false
        options.ignoresLabels = true
        options.replaceNonfinite = model.configuration.hyperparameters.replaceNonfinite
        let clips = try SplitReader.read(path: path, options: options).clips
        var faults = Faults()
        let sampler = BatchSampler(lengths: clips.unitCounts, batchSize: Self.batchSize, seed: 0)
        for rows in sampler.consecutiveBatches(unitLimit: Model.batchUnitLimit) {
            let (start, batch) = (rows[0], clips.select(rows))
            let prediction = model.predict(batch, explaining: explain)
            var text = ""
            for row in 0..<batch.count {
                guard prediction.isComputable(clip: row) else {
                    let error = ClipError.notComputable(pointer: "/clips/\(start + row)")
                    faults.add("\(name): \(error)")
                    text += printer.line(id: batch.ids?[row], error)
                    continue
                }
                text += printer.line(id: batch.ids?[row], prediction, row) {
                    batch.modalities[$0]?.lengths[row] ?? 0 == 0
                }
            }
            try StandardOutput.write(text)
        }
        try faults.check()
    }

    private func predictLines(_ source: LineSource, _ model: Model, _ printer: PredictionPrinter) throws {
        var reader = ClipLines(source: source, configuration: model.configuration)
        var faults = Faults()
        while let items = try reader.next(atMost: Self.batchSize, name: name) {
            try StandardOutput.write(try answers(items, model, printer, &faults))
        }
        guard reader.hasSeenClips else { throw Failure(.badData, "\(name): there is no clip") }
        try faults.check()
    }

    /// What is read, for errors.
    private var name: String { data == "-" ? "standard input" : (data as NSString).lastPathComponent }

    private func answers(
        _ items: [ClipLines.Item], _ model: Model, _ printer: PredictionPrinter, _ faults: inout Faults
    ) throws -> String {
        let good = items.compactMap { try? $0.clip.get() }
        let clips = Clips(collating: good, modalities: model.configuration.modalities)
        let prediction = model.predict(clips, explaining: explain)
        var text = ""
        var row = 0
        for item in items {
            do throws(ClipError) {
                let clip = try item.clip.get()
                defer { row += 1 }
                guard prediction.isComputable(clip: row) else { throw .notComputable(pointer: item.pointer) }
                text += printer.line(id: clip.id, prediction, row) { clip.modalities[$0] == nil }
            } catch {
                faults.add("\(name): line \(item.line): \(error)")
                text += printer.line(id: item.id, error)
            }
        }
        return text
    }
}

/// The clips that could not be predicted.
private struct Faults {
    private var count = 0
    private var first: String?

    mutating func add(_ fault: String) {
        count += 1
        first = first ?? fault
    }

    /// - Throws: ``Failure`` when there are any.
    func check() throws {
        guard let first else { return }
        throw Failure(.badData, first + (count > 1 ? " (and \(count - 1) more)" : ""))
    }
}
