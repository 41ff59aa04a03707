import Engine

/// What a split is expected to hold, and how much of it is accepted.
package struct SplitOptions: Sendable {
    /// The modalities of the data set. A split may lack one (its clips then miss it) but must not have others.
    /// nil: whatever the split has.
    package var modalities: [Modality]?
    /// Label names, which also say how many labels there are. nil: as the split has them.
    package var labels: [String]?
    /// How many labels there are, where they have no names. nil: as many as the split has.
    package var labelCount: Int?
    /// Whether a split without labels is an error.
    package var requiresLabels = true
    /// Leaves labels and their names alone, whatever they are: a prediction has no use for them.
    package var ignoresLabels = false
    /// Puts 0 in the place of NaN and infinite features instead of calling them an error.
    package var replaceNonfinite = false
    /// The largest sum of the uncompressed sizes of an archive's entries, and the largest file of JSON lines, in bytes.
    package var maximumBytes = 32 << 30
    /// The longest line of JSON, in bytes.
    package var maximumLineBytes = 64 << 20
    /// The most units of a clip over all modalities, no more than attention takes.
    package var maximumClipUnits = MultiHeadAttention.longestSequence
    /// Problems that are listed; the others are only counted.
    package var maximumProblems = 20

    /// The most labels of a data set.
    package static let maximumLabels = 4096
    /// The longest name of a label, in characters.
    package static let maximumLabelCharacters = 200
    /// The longest id of a clip, in bytes of UTF-8.
    package static let maximumIDBytes = 1024

    package init() {}

    /// What is wrong with names of labels, nil when nothing is. Takes time linear in the names.
    package static func fault(inLabels names: [String]) -> String? {
        guard !names.isEmpty else { return "there must be at least one name" }
        guard names.count <= maximumLabels else { return "\(names.count) names, at most \(maximumLabels)" }
        var first: [String: Int] = [:]
        for (index, name) in names.enumerated() {
            guard (1...maximumLabelCharacters).contains(name.unicodeScalars.count) else {
                return "name \(index) does not have 1 to \(maximumLabelCharacters) characters"
            }
            guard name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                return "name \(index) has a control character"
            }
            guard first.updateValue(index, forKey: name) == nil else { return "the name \"\(name)\" comes twice" }
        }
        return nil
    }

    /// The name of each of `count` labels: as given, else numbered.
    package static func labels(_ names: [String]?, count: Int) -> [String] {
        names ?? (0..<count).map { "label_\($0)" }
    }
}
