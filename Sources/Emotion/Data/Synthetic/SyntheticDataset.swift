import Foundation
import Platform

/// Makes a data set with a planted signal: several labels at once, learnable, and better from several modalities than from one.
///
/// Label k has a direction in the feature space of every modality. A unit is normal noise of deviation 1; in a clip with the
/// label, each unit carries with chance ½ the direction as well, long in one modality in turn and short in the others. The same
/// values and seed make the same files.
package struct SyntheticDataset: Sendable {
    /// What is made for a modality.
    package struct Source: Sendable {
        package var name: String
        package var featureSize: Int
        /// Units of a clip, any number in this range equally often.
        package var units: ClosedRange<Int>
        /// How far every label moves a unit; nil when labels are strong in one modality in turn.
        package var signal: Double?

        package init(name: String, featureSize: Int, units: ClosedRange<Int>, signal: Double? = nil) {
            self.name = name
            self.featureSize = featureSize
            self.units = units
            self.signal = signal
        }
    }

    package var name = "synthetic"
    package var sources = [
        Source(name: "audio", featureSize: 16, units: 3...10),
        Source(name: "text", featureSize: 32, units: 3...12),
        Source(name: "video", featureSize: 20, units: 3...10),
    ]
    package var labels = ["angry", "disgust", "fear", "happy", "sad", "surprise"]
    /// Clips per split; a split that is not here, or has none, is not written.
    package var clips: [DatasetDirectory.Split: Int] = [.train: 800, .valid: 200, .test: 200]
    /// How often a label occurs, on its own.
    package var labelRate = 0.3
    /// How often a clip lacks a modality, for each one; every clip keeps at least one.
    package var missingRate = 0.1
    /// How far a label moves a unit in its strong modality, in deviations of the noise.
    package var signal = 3.0
    /// The share of `signal` in the other modalities.
    package var weakShare = 0.4
    /// What goes wrong with a modality in the test split, if anything.
    package var spoiling: Spoiling?
    package var seed: UInt64 = 0

    package init() {}

    /// In a share of the test clips, a modality is not what it was in training: in half of these its units are noise
    /// without any label, in the others it is missing.
    package struct Spoiling: Sendable {
        package var modality: String
        package var share: Double
    }

    private enum Condition {
        case sound, noise, missing
    }

    private struct Description: Encodable {
        let name: String
        let labels: [String]
        let features: [String: String]
    }

    /// What a stream of random numbers is for; with the seed it is the key of the generator.
    private enum Stream: UInt64 {
        case directions, labels, lengths, units, spoiling
    }

    /// Writes `<split>.npz` for each split, and `meta.json`. Makes the directory when it is not there; memory does not depend
    /// on the number of units.
    package func write(to directory: String) throws(NPZError) {
        precondition(!sources.isEmpty && !labels.isEmpty, "a data set has modalities and labels")
        precondition(sources.allSatisfy { $0.featureSize > 0 && $0.units.lowerBound > 0 }, "units hold features")
        precondition(sources.allSatisfy { Modality.fault(inName: $0.name) == nil }, "modalities have valid names")
        precondition(
            spoiling.map { spoiling in sources.contains { $0.name != spoiling.modality } } ?? true,
            "a clip whose spoiled modality is missing has another one")
        let description = Description(
            name: name,
            labels: labels,
            features: Dictionary(
                sources.map { ($0.name, "\($0.featureSize) made-up numbers per unit") },
                uniquingKeysWith: { first, _ in first }
            )
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try WholeFile.write(encoder.encode(description), to: "\(directory)/meta.json")
        } catch {
            throw NPZError(.cannotWrite, file: "meta.json", reason: error.localizedDescription)
        }
        for (index, split) in DatasetDirectory.Split.allCases.enumerated() {
            guard let count = clips[split], count > 0 else { continue }
            try write(split: UInt64(index), clips: count, to: "\(directory)/\(split.rawValue).npz")
        }
    }

    private func write(split: UInt64, clips: Int, to path: String) throws(NPZError) {
        // Noise does not compress; what the file saves by deflating the padding is not worth the time.
        let writer = try NPZWriter(path: path, deflated: false)
        let labels = (0..<clips).map { labelsOfClip($0, split: split) }
        let lengths = (0..<clips).map { lengthsOfClip($0, split: split) }
        for (position, source) in sources.enumerated() {
            let directions = directions(of: position)
            let shape = [clips, source.units.upperBound, source.featureSize]
            try writer.add(source.name, shape: shape) { clip in
                units(
                    position,
                    clip: clip,
                    split: split,
                    length: lengths[clip][position],
                    labels: condition(of: position, clip: clip, split: split) == .sound ? labels[clip] : [],
                    directions
                )
            }
            let own = lengths.map { Int32($0[position]) }
            try writer.add("lengths_\(source.name)", shape: [clips], own)
        }
        try writer.add("labels", shape: [clips, self.labels.count], labels.flatMap(\.self))
        try writer.close()
    }

    private func generator(_ stream: Stream, _ words: (UInt64, UInt64, UInt64)) -> CounterGenerator {
        CounterGenerator(seed, stream.rawValue, words.0, words.1, words.2)
    }

    private func labelsOfClip(_ clip: Int, split: UInt64) -> [UInt8] {
        var generator = generator(.labels, (split, UInt64(clip), 0))
        return labels.map { _ in generator.uniform() < labelRate ? 1 : 0 }
    }

    private func lengthsOfClip(_ clip: Int, split: UInt64) -> [Int] {
        var generator = generator(.lengths, (split, UInt64(clip), 0))
        let present = sources.indices.filter { condition(of: $0, clip: clip, split: split) != .missing }
        let kept = present[generator.index(below: present.count)]
        return sources.enumerated().map { position, source in
            let length = source.units.lowerBound + generator.index(below: source.units.count)
            let isMissing = generator.uniform() < missingRate || !present.contains(position)
            return isMissing && position != kept ? 0 : length
        }
    }

    private func condition(of position: Int, clip: Int, split: UInt64) -> Condition {
        guard let spoiling, sources[position].name == spoiling.modality,
            DatasetDirectory.Split.allCases[Int(split)] == .test
        else { return .sound }
        var generator = generator(.spoiling, (split, UInt64(clip), 0))
        guard generator.uniform() < spoiling.share else { return .sound }
        return generator.uniform() < 0.5 ? .noise : .missing
    }

    /// Per label a vector in the features of a modality, as long as the label moves a unit.
    private func directions(of position: Int) -> [[Float]] {
        labels.indices.map { label in
            var generator = generator(.directions, (UInt64(position), UInt64(label), 0))
            let vector = (0..<sources[position].featureSize).map { _ in Self.normal(&generator) }
            let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let inTurn = label % sources.count == position ? signal : signal * weakShare
            let length = sources[position].signal ?? inTurn
            return vector.map { Float($0 / norm * length) }
        }
    }

    /// [longest, D] of a clip, zeros after its own units.
    ///
    /// - Parameter labels: empty for noise.
    private func units(
        _ position: Int,
        clip: Int,
        split: UInt64,
        length: Int,
        labels: [UInt8],
        _ directions: [[Float]]
    ) -> [Float] {
        let source = sources[position]
        var generator = generator(.units, (split, UInt64(clip), UInt64(position)))
        var values = [Float](repeating: 0, count: source.units.upperBound * source.featureSize)
        for unit in 0..<length {
            let start = unit * source.featureSize
            for index in start..<start + source.featureSize { values[index] = Float(Self.normal(&generator)) }
            for (label, direction) in directions.enumerated() where !labels.isEmpty {
                guard labels[label] == 1, generator.uniform() < 0.5 else { continue }
                for index in direction.indices { values[start + index] += direction[index] }
            }
        }
        return values
    }

    /// One number of a normal distribution from two uniform ones (Box and Muller, 1958).
    private static func normal(_ generator: inout CounterGenerator) -> Double {
        (-2 * log(generator.uniform())).squareRoot() * cos(2 * .pi * generator.uniform())
    }
}
