/// What a split holds and what is wrong with it.
package struct SplitReport: Codable, Sendable, Equatable {
    /// The numbers of one modality.
    package struct ModalityReport: Codable, Sendable, Equatable {
        package let name: String
        package let featureSize: Int
        /// As stored: [N, L, D] with padding.
        package let shape: [Int]
        /// Units per clip, over the clips that have the modality; 0 when none has.
        package let minimumLength: Int
        package let medianLength: Double
        package let maximumLength: Int
        /// Clips without the modality, as a share of all.
        package let missingRate: Double

        private enum CodingKeys: String, CodingKey {
            case name, shape
            case featureSize = "feature_size"
            case minimumLength = "minimum_length"
            case medianLength = "median_length"
            case maximumLength = "maximum_length"
            case missingRate = "missing_rate"
        }

        init(name: String, featureSize: Int, shape: [Int], lengths: [Int]) {
            let present = lengths.filter { $0 > 0 }.sorted()
            self.name = name
            self.featureSize = featureSize
            self.shape = shape
            minimumLength = present.first ?? 0
            maximumLength = present.last ?? 0
            let middle = present.count / 2
            medianLength =
                if present.isEmpty { 0 } else if present.count % 2 == 1 { Double(present[middle]) } else {
                    Double(present[middle - 1] + present[middle]) / 2
                }
            missingRate = lengths.isEmpty ? 0 : Double(lengths.count - present.count) / Double(lengths.count)
        }
    }

    /// The number of clips, N.
    package var clips = 0
    /// Sorted by name.
    package var modalities: [ModalityReport] = []
    /// K; nil when the split has no labels.
    package var labelCount: Int?
    /// The names of the labels, where the split has them.
    package var labelNames: [String]?
    /// Clips per label.
    package var labelCounts: [Int] = []
    /// Clips with no label at all.
    package var unlabelledClips = 0
    /// Non-finite features that were replaced by 0, when that was asked for.
    package var replacedValues = 0
    /// What may be meant and often is not.
    package var warnings: [SplitWarning] = []
    /// The first problems; empty when the split can be used.
    package var problems: [SplitProblem] = []
    /// How many there are in all.
    package var problemCount = 0

    private enum CodingKeys: String, CodingKey {
        case clips, modalities, problems, warnings
        case labelNames = "label_names"
        case labelCount = "label_count"
        case labelCounts = "label_counts"
        case unlabelledClips = "unlabelled_clips"
        case replacedValues = "replaced_values"
        case problemCount = "problem_count"
    }

    /// Takes in counted labels.
    mutating func count(_ counter: LabelCounter) {
        labelCount = counter.counts.count
        labelCounts = counter.counts
        unlabelledClips = counter.unlabelledClips
    }
}

extension SplitReport {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        clips = try container.decode(Int.self, forKey: .clips)
        modalities = try container.decode([ModalityReport].self, forKey: .modalities)
        labelCount = try container.decodeIfPresent(Int.self, forKey: .labelCount)
        labelNames = try container.decodeIfPresent([String].self, forKey: .labelNames)
        labelCounts = try container.decode([Int].self, forKey: .labelCounts)
        unlabelledClips = try container.decode(Int.self, forKey: .unlabelledClips)
        replacedValues = try container.decode(Int.self, forKey: .replacedValues)
        // Reports that were stored before there were warnings have none.
        warnings = try container.decodeIfPresent([SplitWarning].self, forKey: .warnings) ?? []
        problems = try container.decode([SplitProblem].self, forKey: .problems)
        problemCount = try container.decode(Int.self, forKey: .problemCount)
    }
}

/// Counts labels without keeping them.
struct LabelCounter {
    /// Clips per label.
    private(set) var counts: [Int]
    private var isLabelled: [Bool]

    init(clips: Int, labels: Int) {
        counts = [Int](repeating: 0, count: labels)
        isLabelled = [Bool](repeating: false, count: clips)
    }

    /// A clip that has a label; each pair comes once.
    mutating func add(row: Int, label: Int) {
        counts[label] += 1
        isLabelled[row] = true
    }

    /// Clips with no label at all.
    var unlabelledClips: Int { isLabelled.reduce(0) { $0 + ($1 ? 0 : 1) } }
}
