package import Foundation

/// A number of 64 bits for the id and for the units of each clip, by which clips are found again, in their split and in others.
///
/// 16 bytes a clip. Two clips that differ have the same number about once in 2⁶⁴ pairs, unless someone wants them to.
package struct SplitFingerprints: Sendable, Equatable {
    /// Of each clip's id, 0 without one.
    package let ids: [UInt64]
    /// Of each clip's units, 0 where all of them are zeros.
    package let contents: [UInt64]
    /// The ids themselves, for words; not part of what is stored.
    private let names: [String]?

    init(ids names: [String]?, contents: [UInt64]) {
        self.names = names
        self.contents = contents
        ids = contents.indices.map { row in
            names.map { $0[row].isEmpty ? 0 : Self.hash($0[row]) } ?? 0
        }
    }

    /// The stored form: both lists as little-endian words, ids first. nil for bytes that are not one.
    package init?(_ data: Data) {
        guard data.count % 16 == 0 else { return nil }
        let words = data.withUnsafeBytes { bytes in
            (0..<data.count / 8).map {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
            }
        }
        ids = Array(words[..<(words.count / 2)])
        contents = Array(words[(words.count / 2)...])
        names = nil
    }

    package var data: Data {
        (ids + contents).map(\.littleEndian).withUnsafeBytes { Data($0) }
    }

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

    /// The same for a text wherever and whenever it is computed; never 0.
    static func hash(_ text: String) -> UInt64 {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return max(mix(state), 1)
    }

    /// Spreads every bit over all others (the finalizer of SplitMix64, Steele, Lea and Flood 2014).
    @inline(__always)
    static func mix(_ word: UInt64) -> UInt64 {
        var word = word &+ 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
