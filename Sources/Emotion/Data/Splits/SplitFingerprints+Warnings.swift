/// Warnings about clips that come more than once, in a split or in two.
extension SplitFingerprints {
    /// What this split has in common with another one.
    package func overlap(with other: SplitFingerprints, named split: String) -> [SplitWarning] {
        let (otherIDs, otherContents) = (Set(other.ids), Set(other.contents))
        var sharedIDs = SplitWarning(.sharedID, split)
        var sharedRows = SplitWarning(.sharedRows, split)
        for row in contents.indices {
            if ids[row] != 0, otherIDs.contains(ids[row]) { sharedIDs.add(SplitWarning.clip(row, names)) }
            if contents[row] != 0, otherContents.contains(contents[row]) {
                sharedRows.add(SplitWarning.clip(row, names))
            }
        }
        return [
            sharedIDs.saying {
                "\(SplitWarning.counted($0, "clip")) with an id that is in \(split) too: a leak, unless ids count from 0 in each split"
            },
            sharedRows.saying {
                "\(SplitWarning.counted($0, "clip")) with the features of a clip of \(split): a leak between splits"
            },
        ].compactMap(\.self)
    }

    /// Clips and ids that come more than once.
    func repetitions() -> [SplitWarning] {
        var duplicateIDs = SplitWarning(.duplicateID, "ids")
        var duplicateRows = SplitWarning(.duplicateRows, "clips")
        Self.forEachRepetition(ids) { row, first in
            duplicateIDs.add("\(names?[row].prefix(80) ?? ""): clips \(first) and \(row)")
        }
        Self.forEachRepetition(contents) { row, first in duplicateRows.add("clips \(first) and \(row)") }
        return [
            duplicateIDs.saying { "\(SplitWarning.counted($0, "clip")) with the id of an earlier clip" },
            duplicateRows.saying { "\(SplitWarning.counted($0, "clip")) with the features of an earlier clip" },
        ].compactMap(\.self)
    }

    private static func forEachRepetition(_ hashes: [UInt64], _ body: (_ row: Int, _ first: Int) -> Void) {
        var first: [UInt64: Int] = [:]
        first.reserveCapacity(hashes.count)
        for (row, hash) in hashes.enumerated() where hash != 0 {
            if let earlier = first[hash] { body(row, earlier) } else { first[hash] = row }
        }
    }
}
