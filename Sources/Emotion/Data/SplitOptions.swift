/// What a split is expected to hold, and how much of it is accepted.
package struct SplitOptions: Sendable {
    /// The modalities of the data set. A split may lack one (its clips then miss it) but must not have others.
    /// nil: whatever the split has.
    package var modalities: [Modality]?
    /// Label names, which also say how many labels there are. nil: as many as the split has.
    package var labels: [String]?
    /// Whether a split without labels is an error.
    package var requiresLabels = true
    /// Puts 0 in the place of NaN and infinite features instead of calling them an error.
    package var replaceNonfinite = false
    /// The largest sum of the uncompressed sizes of an archive's entries, and the largest file of JSON lines, in bytes.
    package var maximumBytes = 32 << 30
    /// The longest line of JSON, in bytes.
    package var maximumLineBytes = 64 << 20
    /// Problems that are listed; the others are only counted.
    package var maximumProblems = 100

    package init() {}
}
