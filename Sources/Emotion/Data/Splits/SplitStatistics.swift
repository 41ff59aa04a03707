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
