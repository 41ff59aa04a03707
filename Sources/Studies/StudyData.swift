package import Emotion
/// What a study was run on, so that runs on other data are told apart.
package struct StudyData: Codable, Sendable, Equatable {
    package let name: String
    package let labels: [String]
    package let modalities: [Modality]
    /// Clips of the splits.
    package let train: Int
    package let validation: Int
    package let test: Int
    /// Of all lengths, features and labels.
    package let fingerprint: String

    /// Whether it is the same data, under whatever name: a directory's depends on where it is seen from.
    func matches(_ other: StudyData) -> Bool {
        labels == other.labels && modalities == other.modalities
            && (train, validation, test, fingerprint) == (other.train, other.validation, other.test, other.fingerprint)
    }
}

/// The FNV-1a hash of 64 bits, taken over words instead of bytes: quick enough for gigabytes of features.
///
/// It tells data apart that was changed by accident, not by someone who looks for a collision.
struct Fingerprint {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ word: UInt64) { state = (state ^ word) &* 0x100_0000_01b3 }

    mutating func add(_ values: UnsafeBufferPointer<Float>) {
        for value in values { add(UInt64(value.bitPattern)) }
    }

    mutating func add(_ clips: Clips) {
        for (name, sequences) in clips.modalities.sorted(by: { $0.key < $1.key }) {
            for byte in name.utf8 { add(UInt64(byte)) }
            for length in sequences.lengths { add(UInt64(length)) }
            sequences.values.withUnsafeBufferPointer { add($0) }
        }
        (clips.labels ?? []).withUnsafeBufferPointer { add($0) }
    }

    var text: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
