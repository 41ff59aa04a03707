/// Something about a split that may be meant, and often is not. A split with warnings can be used.
///
/// Warnings are made in ``UnitStatistics``, ``SplitFingerprints`` and ``SplitStatistics``, which collects them.
package struct SplitWarning: Codable, Sendable, Equatable {
    /// Stable names for programs.
    package enum Code: String, Codable, Sendable, CaseIterable {
        /// Clips whose units are the same as those of another clip of the split.
        case duplicateRows = "duplicate_rows"
        case duplicateID = "duplicate_id"
        /// Clips whose units are also in another split.
        case sharedRows = "shared_rows"
        /// Ids that are also in another split.
        case sharedID = "shared_id"
        /// Clips that begin with units of zeros.
        case paddingLeft = "padding_left"
        /// Clips that end with units of zeros although their length counts them.
        case paddingRight = "padding_right"
        /// Units of zeros between others.
        case zeroUnits = "zero_units"
        /// Clips of which all units of a modality are zeros.
        case zeroClips = "zero_clips"
        /// Labels that no clip has, or every clip.
        case labelConstant = "label_constant"
        /// Features that are the same in every unit.
        case constantColumn = "constant_column"
        /// Values that were not finite, or beyond float32, and became 0.
        case nonfinite
        /// Clips that are many times longer than most.
        case lengthsUneven = "lengths_uneven"
        /// An array that was read under another name than its own.
        case arrayRenamed = "array_renamed"
    }

    package let code: Code
    /// The modality, or the array, or the other split.
    package let field: String
    /// How many clips, values, features, labels or arrays.
    package private(set) var count = 0
    /// Where, the first few.
    package private(set) var examples: [String] = []
    /// A sentence with the count, and what to do.
    package private(set) var detail = ""

    static let exampleLimit = 5

    init(_ code: Code, _ field: String) {
        self.code = code
        self.field = field
    }

    /// Counts one; it is put into words only when it is one of the first.
    mutating func add(_ example: @autoclosure () -> String) {
        count += 1
        if examples.count < Self.exampleLimit { examples.append(example()) }
    }

    /// The warning with its sentence; nil when nothing was counted.
    func saying(_ detail: (Int) -> String) -> SplitWarning? {
        guard count > 0 else { return nil }
        var warning = self
        warning.detail = detail(count)
        return warning
    }

    /// `1 clip`, `3 clips`
    static func counted(_ count: Int, _ noun: String) -> String { count == 1 ? "1 \(noun)" : "\(count) \(noun)s" }

    /// `clip 3`, with its id where there is one.
    static func clip(_ row: Int, _ ids: [String]?) -> String {
        guard let ids, row < ids.count, !ids[row].isEmpty else { return "clip \(row)" }
        return "clip \(row) (\(ids[row].prefix(80)))"
    }
}
