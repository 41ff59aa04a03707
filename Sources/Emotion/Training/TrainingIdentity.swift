import Engine
import Platform

/// What makes a training the one it is: the same identity trains to the same bytes, on one kind of processor.
struct TrainingIdentity: Sendable, Codable {
    let labels: [String]
    let modalities: [Modality]
    let hyperparameters: Hyperparameters
    /// What products are computed in, as `auto` is not the same everywhere.
    private let precision: String
    let seed: UInt64
    private let earlyStopping: Training.EarlyStopping?
    /// Names the clips of both splits.
    private let data: String

    init(
        configuration: ModelConfiguration, seed: UInt64, earlyStopping: Training.EarlyStopping?, data: String
    ) {
        labels = configuration.labels
        modalities = configuration.modalities
        hyperparameters = configuration.hyperparameters
        precision = configuration.hyperparameters.precision.resolved.rawValue
        self.seed = seed
        self.earlyStopping = earlyStopping
        self.data = data
    }

    /// The digest of lengths, features and labels of some splits.
    static func digest(of splits: [Clips]) -> String {
        var hash = SHA256()
        for clips in splits { clips.update(&hash) }
        return hash.finish()
    }

    private enum CodingKeys: String, CodingKey {
        case labels, modalities, hyperparameters, precision, seed, data
        case earlyStopping = "early_stopping"
    }

    /// What of another training is not as in this one, in words; empty when it is the same training.
    func differences(from other: TrainingIdentity) -> [String] {
        var differences = Hyperparameters.fields.compactMap { field -> String? in
            let (own, others) = (field.read(hyperparameters), field.read(other.hyperparameters))
            return own == others ? nil : "\(field.name) is \(others) instead of \(own)"
        }
        if differences.isEmpty, precision != other.precision {
            differences.append("products are in \(other.precision) instead of \(precision)")
        }
        if seed != other.seed { differences.append("the seed is \(other.seed) instead of \(seed)") }
        if earlyStopping != other.earlyStopping {
            differences.append("it stops early \(Self.describe(other)) instead of \(Self.describe(self))")
        }
        if labels != other.labels { differences.append("the labels are others") }
        if modalities != other.modalities { differences.append("the modalities are others") }
        if data != other.data { differences.append("the clips are others") }
        return differences
    }

    private static func describe(_ identity: TrainingIdentity) -> String {
        identity.earlyStopping.map { "after \($0.patience) epochs without a better \($0.metric.rawValue)" } ?? "never"
    }
}

extension Clips {
    /// Adds all that a training takes from them.
    fileprivate func update(_ hash: inout SHA256) {
        func add(_ numbers: [Int]) { numbers.map { Int64($0).littleEndian }.withUnsafeBytes { hash.update($0) } }

        add([count, labelCount, modalities.count])
        for (name, sequences) in modalities.sorted(by: { $0.key < $1.key }) {
            add([name.utf8.count, sequences.featureSize, sequences.replaced.count])
            hash.update(Array(name.utf8))
            add(sequences.lengths)
            add(sequences.replaced)
            sequences.values.withUnsafeBufferPointer { hash.update(UnsafeRawBufferPointer($0)) }
        }
        labels?.withUnsafeBytes { hash.update($0) }
    }
}
