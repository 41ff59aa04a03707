/// How the clips of a split are made up, in counts to be drawn.
package struct SplitCounts: Encodable, Sendable, Equatable {
    /// How long the sequences of a modality are.
    package struct Lengths: Encodable, Sendable, Equatable {
        package let name: String
        /// Lengths that are counted together: place i is for those from i times this on.
        package let width: Int
        package let counts: [Int]
    }

    /// The most places of ``Lengths/counts``.
    static let placeLimit = 50
    /// With more labels ``pairs`` would be too large to be looked at.
    static let labelLimit = 100

    package let clips: Int
    /// Sorted by name; a clip without the modality has length 0.
    package let lengths: [Lengths]
    /// [K, K]: clips that have both labels, on the diagonal those that have the one; nil without labels, and with very many.
    package let pairs: [[Int]]?

    package init(of clips: Clips) {
        self.clips = clips.count
        lengths = clips.modalities.sorted { $0.key < $1.key }.map { name, sequences in
            let places = (sequences.lengths.max() ?? 0) + 1
            let width = (places + Self.placeLimit - 1) / Self.placeLimit
            var counts = [Int](repeating: 0, count: (places + width - 1) / width)
            for length in sequences.lengths { counts[length / width] += 1 }
            return Lengths(name: name, width: width, counts: counts)
        }
        guard let labels = clips.labels, (1...Self.labelLimit).contains(clips.labelCount) else {
            pairs = nil
            return
        }
        let count = clips.labelCount
        var pairs = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
        for clip in 0..<clips.count {
            let present = (0..<count).filter { labels[clip * count + $0] > 0.5 }
            for first in present { for second in present { pairs[first][second] += 1 } }
        }
        self.pairs = pairs
    }
}
