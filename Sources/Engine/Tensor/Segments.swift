/// How the rows of a packed matrix belong to the clips of a batch.
///
/// Rows of clip b are `offsets[b]..<offsets[b + 1]`. A clip may have none.
package struct Segments: Sendable, Equatable {
    package let offsets: [Int]

    package init(lengths: [Int]) {
        var offsets = [0]
        offsets.reserveCapacity(lengths.count + 1)
        for length in lengths { offsets.append(offsets.last! + length) }
        self.offsets = offsets
    }

    /// Clips of the same length.
    package init(count: Int, length: Int) { offsets = (0...count).map { $0 * length } }

    package var count: Int { offsets.count - 1 }
    package var rows: Int { offsets[count] }
    package var lengths: [Int] { (0..<count).map { self[$0].count } }

    /// The most rows of a clip.
    var longest: Int { (0..<count).reduce(0) { max($0, self[$1].count) } }

    package subscript(clip: Int) -> Range<Int> { offsets[clip]..<offsets[clip + 1] }
}
