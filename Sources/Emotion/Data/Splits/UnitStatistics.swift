/// What the warnings say of a modality, gathered while its features pass by, clip by clip or in any other order.
///
/// Memory: a bit per unit, 8 bytes per clip and 8 per feature. Values that are not finite, because they get replaced, have no
/// part in it but that their unit is none of zeros.
struct UnitStatistics {
    let featureSize: Int
    /// Smallest and largest value of each feature, over all units.
    private var minima: [Float]
    private var maxima: [Float]
    /// A bit for each unit with a value other than 0.
    private var nonzero: [UInt64] = []
    /// Per clip a hash of its values and their places; 0 without any.
    private(set) var hashes: [UInt64] = []

    init(featureSize: Int) {
        self.featureSize = featureSize
        minima = [Float](repeating: .infinity, count: featureSize)
        maxima = [Float](repeating: -.infinity, count: featureSize)
    }

    /// Makes room for so many clips with so many units in all.
    mutating func reserve(clips: Int, units: Int) {
        if hashes.count < clips { hashes += repeatElement(0, count: clips - hashes.count) }
        let words = (units + 63) / 64
        if nonzero.count < words { nonzero += repeatElement(0, count: words - nonzero.count) }
    }

    /// Takes in a run of a clip's features.
    ///
    /// - Parameters:
    ///   - offset: where the run begins in the features of the clip.
    ///   - firstUnit: units of all clips before this one.
    mutating func add(_ values: UnsafeBufferPointer<Float>, clip: Int, offset: Int, firstUnit: Int) {
        var hash: UInt64 = 0
        var index = 0
        var unit = firstUnit + offset / featureSize
        var feature = offset % featureSize
        minima.withUnsafeMutableBufferPointer { minima in
            maxima.withUnsafeMutableBufferPointer { maxima in
                while index < values.count {
                    let count = min(featureSize - feature, values.count - index)
                    var any: UInt32 = 0
                    for step in 0..<count {
                        let value = values[index + step]
                        let bits = value.bitPattern
                        any |= bits << 1
                        guard value.isFinite else { continue }
                        if value < minima[feature + step] { minima[feature + step] = value }
                        if value > maxima[feature + step] { maxima[feature + step] = value }
                        let place = UInt64(truncatingIfNeeded: offset + index + step)
                        hash &+= SplitFingerprints.mix(UInt64(bits) ^ place &* 0x9E37_79B9_7F4A_7C15)
                    }
                    if any != 0 { nonzero[unit / 64] |= 1 << UInt64(unit % 64) }
                    index += count
                    unit += 1
                    feature = 0
                }
            }
        }
        hashes[clip] &+= hash
    }

    private func isZero(_ unit: Int) -> Bool { nonzero[unit / 64] >> UInt64(unit % 64) & 1 == 0 }

    /// Whether each clip has a value other than 0.
    func clipsWithContent(lengths: [Int]) -> [Bool] {
        var first = 0
        return lengths.map { length in
            defer { first += length }
            return (first..<first + length).contains { !isZero($0) }
        }
    }

    // MARK: Warnings

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

/// Gathers the warnings of a split and what its clips are found again by.
struct SplitStatistics {
    private var contents: [UInt64]
    private(set) var warnings: [SplitWarning] = []

    init(clips: Int) { contents = [UInt64](repeating: 0, count: clips) }

    /// Takes in a modality that has been seen to its end.
    mutating func add(_ units: UnitStatistics, of modality: String, lengths: [Int], ids: [String]?) {
        warnings += units.warnings(modality, lengths: lengths, ids: ids)
        let name = SplitFingerprints.hash(modality)
        for (row, hasContent) in units.clipsWithContent(lengths: lengths).enumerated() where hasContent {
            contents[row] &+= SplitFingerprints.mix(units.hashes[row] ^ name &* UInt64(lengths[row]))
        }
    }

    mutating func add(_ warning: SplitWarning?) {
        if let warning { warnings.append(warning) }
    }

    /// Labels [N, K] that never or always occur.
    mutating func add(labelCounts: [Int], clips: Int, names: [String]?) {
        guard clips > 1 else { return }
        var constant = SplitWarning(.labelConstant, "labels")
        let names = SplitOptions.labels(names, count: labelCounts.count)
        for (label, count) in labelCounts.enumerated() where count == 0 || count == clips {
            constant.add("\(names[label]): \(count == 0 ? "never" : "always")")
        }
        add(
            constant.saying {
                "\(SplitWarning.counted($0, "label")) in no clip or in every clip: not to be learned or measured"
            })
    }

    /// What is known when everything has been seen.
    consuming func finish(ids: [String]?) -> (warnings: [SplitWarning], fingerprints: SplitFingerprints) {
        let fingerprints = SplitFingerprints(ids: ids, contents: contents)
        return (warnings + fingerprints.repetitions(), fingerprints)
    }
}
