/// The units of one modality of several clips, packed one after another.
///
/// Nothing is padded: clip `i` owns `lengths[i]` consecutive rows of `featureSize` numbers. A clip that lacks the
/// modality has length 0 and owns no row.
package struct Sequences: Sendable, Equatable {
    /// Numbers per unit, D.
    package let featureSize: Int
    /// Units per clip.
    package let lengths: [Int]
    /// [Σ lengths, featureSize], row-major.
    package let values: [Float]
    /// The first row of each clip, and after the last clip the number of rows: `lengths.count + 1` numbers.
    package let offsets: [Int]

    package init(featureSize: Int, lengths: [Int], values: [Float]) {
        precondition(featureSize > 0, "a unit has at least one feature")
        var offsets = [0]
        offsets.reserveCapacity(lengths.count + 1)
        for length in lengths {
            precondition(length >= 0, "a length is not negative")
            offsets.append(offsets[offsets.count - 1] + length)
        }
        precondition(values.count == offsets[lengths.count] * featureSize, "values hold [Σ lengths, featureSize]")
        self.featureSize = featureSize
        self.lengths = lengths
        self.values = values
        self.offsets = offsets
    }

    /// The number of clips.
    package var count: Int { lengths.count }

    /// The number of rows, Σ lengths.
    package var rowCount: Int { offsets[lengths.count] }

    /// The units of the given clips, in the order given. Copies the rows of these clips only.
    package func select(_ clips: [Int]) -> Sequences {
        let chosen = clips.map { lengths[$0] }
        let size = chosen.reduce(0, +) * featureSize
        let packed = [Float](unsafeUninitializedCapacity: size) { target, filled in
            values.withUnsafeBufferPointer { source in
                for clip in clips {
                    let count = lengths[clip] * featureSize
                    guard count > 0 else { continue }
                    let rows = UnsafeBufferPointer(
                        rebasing: source[offsets[clip] * featureSize..<offsets[clip + 1] * featureSize]
                    )
                    _ = UnsafeMutableBufferPointer(rebasing: target[filled..<filled + count]).initialize(
                        fromContentsOf: rows
                    )
                    filled += count
                }
            }
        }
        return Sequences(featureSize: featureSize, lengths: chosen, values: packed)
    }
}
