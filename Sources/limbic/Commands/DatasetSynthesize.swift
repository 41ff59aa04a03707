import ArgumentParser
import Emotion

extension Dataset {
    /// `limbic dataset synthesize`: makes a data set with a planted signal.
    struct Synthesize: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make up a small data set that can be learned.",
            discussion: "The same arguments make the same files."
        )

        @Option(help: "Directory for train.npz, valid.npz, test.npz and meta.json; must be new or empty.")
        var out: String

        @Option(
            help: """
                planted: labels are strong in one modality in turn. modality-bias: they are easy in text and hard in audio \
                and video, and half of the test clips have their text replaced by noise or removed. nemu: the four \
                modalities of NEMu and 12 labels. What follows replaces parts of it; the modalities of modality-bias stay.
                """)
        var kind = SyntheticDataset.Kind.planted

        @Option(help: "Name of the data set.")
        var name: String?

        @Option(
            name: .customLong("modalities"),
            help:
                "Modalities, each NAME:FEATURES:UNITS, where UNITS is a number or a range such as 3-12; may come again."
        )
        var lists: [SourceList] = []

        @Option(help: "Clips of train, valid and test; 0 leaves a split out (default: 800,200,200).")
        var clips: ClipCounts?

        @Option(help: "Number of labels, 1 to 1000.")
        var labels: Int?

        @Option(help: "How often a label occurs, 0 to 1 (default: 0.3).")
        var labelRate: Double?

        @Option(
            help: "How often a clip lacks a modality, 0 to 1; every clip keeps one (default: 0.1; 0 for modality-bias)."
        )
        var missingRate: Double?

        @Option(help: "How far a label moves a unit, in deviations of the noise (default: 3).")
        var signal: Double?

        @Option(help: "Seed of all random numbers.")
        var seed: UInt64 = 0

        @Flag(help: "Write to --out even if it is not empty.")
        var force = false

        func validate() throws {
            if let labels, !(1...1000).contains(labels) {
                throw ValidationError("--labels \(labels) is not a number from 1 to 1000")
            }
            for (name, rate) in [("--label-rate", labelRate), ("--missing-rate", missingRate)] {
                if let rate, !(0...1).contains(rate) {
                    throw ValidationError("\(name) \(rate) is not a number from 0 to 1")
                }
            }
            if let signal, !(0...1000).contains(signal) {
                throw ValidationError("--signal \(signal) is not a number from 0 to 1000")
            }
            let names = lists.flatMap(\.values).map(\.name)
            if let twice = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) }) {
                throw ValidationError("--modalities names \(twice.element) twice")
            }
            if kind == .modalityBias, !lists.isEmpty {
                throw ValidationError(
                    "--modalities would take the bias out of --kind modality-bias, which is in its modalities; "
                        + "use --kind planted")
            }
        }

        private var dataset: SyntheticDataset {
            var dataset = SyntheticDataset(kind)
            dataset.name = name ?? dataset.name
            if !lists.isEmpty { dataset.sources = lists.flatMap(\.values) }
            if let labels {
                dataset.labels = (0..<labels).map { index in
                    index < dataset.labels.count ? dataset.labels[index] : "label_\(index)"
                }
            }
            for (split, count) in zip(DatasetDirectory.Split.allCases, clips?.values ?? []) {
                dataset.clips[split] = count
            }
            dataset.labelRate = labelRate ?? dataset.labelRate
            dataset.missingRate = missingRate ?? dataset.missingRate
            dataset.signal = signal ?? dataset.signal
            dataset.seed = seed
            return dataset
        }

        func run() throws {
            try Failure.reporting {
                let dataset = self.dataset
                let output = try OutputDirectory(out, force: force)
                try output.filled { try dataset.write(to: output.path) }
                let counts = DatasetDirectory.Split.allCases.map { "\(dataset.clips[$0] ?? 0) \($0.rawValue)" }
                try StandardOutput.write("\(out): \(counts.joined(separator: ", "))\n")
            }
        }
    }
}

extension Dataset.Synthesize {
    /// `text:300:60,audio:74:10-60`
    struct SourceList: ExpressibleByArgument {
        let values: [SyntheticDataset.Source]

        init?(argument: String) {
            var values: [SyntheticDataset.Source] = []
            for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
                let parts = word.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count == 3, Modality.fault(inName: String(parts[0])) == nil,
                    let features = Int(parts[1]), Modality.featureSizes.contains(features),
                    let units = Self.range(parts[2])
                else { return nil }
                values.append(.init(name: String(parts[0]), featureSize: features, units: units))
            }
            guard !values.isEmpty else { return nil }
            self.values = values
        }

        private static func range(_ text: Substring) -> ClosedRange<Int>? {
            let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(bounds.count), let low = bounds[0], let high = bounds[bounds.count - 1],
                1 <= low, low <= high, high <= 65_536
            else { return nil }
            return low...high
        }
    }

    /// `800,200,200`
    struct ClipCounts: ExpressibleByArgument {
        let values: [Int]

        init?(argument: String) {
            let counts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard counts.count == DatasetDirectory.Split.allCases.count else { return nil }
            values = counts.compactMap { $0 }
            guard values.count == counts.count, values.allSatisfy({ (0...10_000_000).contains($0) }), values.max() != 0
            else { return nil }
        }
    }
}

extension SyntheticDataset.Kind: ExpressibleByArgument {}
