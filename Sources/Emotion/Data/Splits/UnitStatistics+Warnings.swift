/// Warnings about the units of one modality.
extension UnitStatistics {
    /// - Parameter lengths: units of each clip.
    func warnings(_ modality: String, lengths: [Int], ids: [String]?) -> [SplitWarning] {
        zeros(modality, lengths: lengths, ids: ids)
            + [constants(modality, lengths: lengths), uneven(modality, lengths: lengths, ids: ids)].compactMap(\.self)
    }

    private func zeros(_ modality: String, lengths: [Int], ids: [String]?) -> [SplitWarning] {
        var left = SplitWarning(.paddingLeft, modality)
        var right = SplitWarning(.paddingRight, modality)
        var units = SplitWarning(.zeroUnits, modality)
        var clips = SplitWarning(.zeroClips, modality)
        var first = 0
        for (row, length) in lengths.enumerated() {
            defer { first += length }
            let zeros = (first..<first + length).reduce(0) { $0 + (isZero($1) ? 1 : 0) }
            if zeros == 0 { continue }
            if zeros == length {
                clips.add(SplitWarning.clip(row, ids))
                continue
            }
            let leading = (first..<first + length).prefix { isZero($0) }.count
            let trailing = (first..<first + length).reversed().prefix { isZero($0) }.count
            if leading > 0 { left.add(SplitWarning.clip(row, ids)) }
            if trailing > 0 { right.add(SplitWarning.clip(row, ids)) }
            if zeros > leading + trailing { units.add(SplitWarning.clip(row, ids)) }
        }
        return [
            left.saying {
                "\(SplitWarning.counted($0, "clip")) with units of zeros at the start of \(modality): padded on the left? Units are read as they are; "
                    + "move the padding to the end and give lengths_\(modality)"
            },
            right.saying {
                "\(SplitWarning.counted($0, "clip")) with units of zeros at the end of \(modality): padding that lengths count? Give lengths_\(modality)"
            },
            units.saying { "\(SplitWarning.counted($0, "clip")) with units of zeros in \(modality), between others" },
            clips.saying {
                "\(SplitWarning.counted($0, "clip")) with nothing but zeros in \(modality): missing? A length of 0 in lengths_\(modality) says so"
            },
        ].compactMap(\.self)
    }

    private func constants(_ modality: String, lengths: [Int]) -> SplitWarning? {
        // In one unit every feature is constant.
        guard lengths.reduce(0, +) > 1 else { return nil }
        var constant = SplitWarning(.constantColumn, modality)
        for feature in 0..<featureSize where !(minima[feature] < maxima[feature]) {
            constant.add(
                minima[feature].isFinite ? "feature \(feature): \(minima[feature])" : "feature \(feature): never finite"
            )
        }
        return constant.saying { "\($0) of \(featureSize) features of \(modality) with one value in every unit" }
    }

    /// How many times the median of the lengths is very long.
    private static let unevenFactor = 10

    private func uneven(_ modality: String, lengths: [Int], ids: [String]?) -> SplitWarning? {
        let present = lengths.filter { $0 > 0 }.sorted()
        guard let longest = present.last else { return nil }
        let median = present[present.count / 2]
        let limit = median * Self.unevenFactor
        guard longest > limit else { return nil }
        var uneven = SplitWarning(.lengthsUneven, modality)
        for (row, length) in lengths.enumerated() where length > limit {
            uneven.add("\(SplitWarning.clip(row, ids)): \(length) units")
        }
        return uneven.saying {
            "\(SplitWarning.counted($0, "clip")) with more than \(Self.unevenFactor) times as many units of \(modality) as most, which have \(median)"
        }
    }
}
