import ArgumentParser
import Emotion

extension Dataset {
    /// `limbic dataset synthesize`: makes a data set with a planted signal.
    struct Synthesize: ParsableCommand {
        private static let defaults = SyntheticDataset()

        static let configuration = CommandConfiguration(
            abstract: "Make up a small data set that can be learned.",
            discussion: "The same arguments make the same files."
        )

        @Option(help: "Directory for train.npz, valid.npz, test.npz and meta.json; must be new or empty.")
        var out: String

        @Option(help: "Name of the data set.")
        var name = defaults.name

        @Option(help: "Modalities, each NAME:FEATURES:UNITS, where UNITS is a number or a range such as 3-12.")
        var modalities = SourceList(values: defaults.sources)

        @Option(help: "Clips of train, valid and test; 0 leaves a split out.")
        var clips = ClipCounts(values: DatasetDirectory.Split.allCases.map { defaults.clips[$0] ?? 0 })

        @Option(help: "Number of labels, 1 to 1000.")
        var labels = defaults.labels.count

        @Option(help: "How often a label occurs, 0 to 1.")
        var labelRate = defaults.labelRate

        @Option(help: "How often a clip lacks a modality, 0 to 1; every clip keeps one.")
        var missingRate = defaults.missingRate

        @Option(help: "How far a label moves a unit, in deviations of the noise.")
        var signal = defaults.signal

        @Option(help: "Seed of all random numbers.")
        var seed: UInt64 = 0

        @Flag(help: "Write to --out even if it is not empty.")
        var force = false

        func validate() throws {
            guard (1...1000).contains(labels) else {
                throw ValidationError("--labels \(labels) is not a number from 1 to 1000")
            }
            for (name, rate) in [("--label-rate", labelRate), ("--missing-rate", missingRate)] {
                guard (0...1).contains(rate) else {
                    throw ValidationError("\(name) \(rate) is not a number from 0 to 1")
                }
            }
            guard (0...1000).contains(signal) else {
                throw ValidationError("--signal \(signal) is not a number from 0 to 1000")
            }
        }

        func run() throws {
            try Failure.reporting {
                var dataset = SyntheticDataset()
                dataset.name = name
                dataset.sources = modalities.values
                dataset.labels = (0..<labels).map { index in
                    index < dataset.labels.count ? dataset.labels[index] : "label_\(index)"
                }
                for (split, count) in zip(DatasetDirectory.Split.allCases, clips.values) {
                    dataset.clips[split] = count
                }
                dataset.labelRate = labelRate
                dataset.missingRate = missingRate
                dataset.signal = signal
                dataset.seed = seed
                let output = try OutputDirectory(out, force: force)
                try output.filled { try dataset.write(to: output.path) }
                let counts = zip(DatasetDirectory.Split.allCases, clips.values).map { "\($1) \($0.rawValue)" }
                try StandardOutput.write("\(out): \(counts.joined(separator: ", "))\n")
            }
        }
    }
}

extension Dataset.Synthesize {
    /// `text:300:60,audio:74:10-60`
    struct SourceList: ExpressibleByArgument {
        let values: [SyntheticDataset.Source]

        init(values: [SyntheticDataset.Source]) { self.values = values }

        init?(argument: String) {
            var values: [SyntheticDataset.Source] = []
            for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
                let parts = word.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count == 3, Modality.fault(inName: String(parts[0])) == nil,
                    let features = Int(parts[1]), (1...1_000_000).contains(features),
                    let units = Self.range(parts[2])
                else { return nil }
                values.append(.init(name: String(parts[0]), featureSize: features, units: units))
            }
            guard !values.isEmpty, Set(values.map(\.name)).count == values.count else { return nil }
            self.values = values
        }

        private static func range(_ text: Substring) -> ClosedRange<Int>? {
            let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(bounds.count), let low = bounds[0], let high = bounds[bounds.count - 1],
                1 <= low, low <= high, high <= 65_536
            else { return nil }
            return low...high
        }

        var defaultValueDescription: String {
            values.map { "\($0.name):\($0.featureSize):\($0.units.lowerBound)-\($0.units.upperBound)" }
                .joined(separator: ",")
        }
    }

    /// `800,200,200`
    struct ClipCounts: ExpressibleByArgument {
        let values: [Int]

        init(values: [Int]) { self.values = values }

        init?(argument: String) {
            let counts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard counts.count == DatasetDirectory.Split.allCases.count else { return nil }
            values = counts.compactMap { $0 }
            guard values.count == counts.count, values.allSatisfy({ (0...10_000_000).contains($0) }), values.max() != 0
            else { return nil }
        }

        var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
    }
}
