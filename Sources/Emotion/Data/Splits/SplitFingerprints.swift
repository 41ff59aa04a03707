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
    let names: [String]?

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
