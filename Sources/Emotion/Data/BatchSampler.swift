import Engine

/// Which clips make the batches of an epoch.
///
/// All clips are shuffled by (seed, epoch) with Philox and cut into windows of `windowBatches` batches. In
/// a window the clips are sorted by length (clips of one length keep their shuffled order) and cut into batches, so that
/// a batch holds clips of similar length. Then the batches of the epoch are shuffled, so that a training does not see
/// them from short to long. Every clip comes exactly once; the batch with the remainder is shorter. The same seed and
/// epoch give the same batches everywhere.
package struct BatchSampler: Sendable {
    package let batchSize: Int
    package let seed: UInt64
    /// How many batches are sorted by length together. 1 keeps the plain shuffle.
    package let windowBatches: Int
    private let lengths: [Int]

    /// - Parameter lengths: what each clip costs, for example ``Clips/unitCounts``.
    package init(lengths: [Int], batchSize: Int, seed: UInt64, windowBatches: Int = 16) {
        precondition(batchSize > 0 && windowBatches > 0, "batches and windows are not empty")
        self.lengths = lengths
        self.batchSize = batchSize
        self.seed = seed
        self.windowBatches = windowBatches
    }

    /// Batches of an epoch, the remainder included.
    package var batchesPerEpoch: Int { (lengths.count + batchSize - 1) / batchSize }

    /// Clip indices of every batch of the epoch.
    package func batches(epoch: Int) -> [[Int]] {
        // No dropout mask of a training is drawn from operation 0: they begin at 1.
        var generator = PhiloxGenerator(seed: seed, step: UInt32(epoch), operation: 0)
        let order = generator.shuffled(lengths.indices)
        var batches: [[Int]] = []
        batches.reserveCapacity(batchesPerEpoch)
        for start in stride(from: 0, to: order.count, by: batchSize * windowBatches) {
            let window = order[start..<min(start + batchSize * windowBatches, order.count)]
            batches += Self.cut(Self.sorted(window, by: lengths), into: batchSize)
        }
        return generator.shuffled(batches)
    }

    /// All clips once without chance, by length from short to long: batches for predictions.
    ///
    /// - Parameter unitLimit: the most units of a batch, which bounds the memory of its computation; a clip with more is a
    ///   batch by itself.
    package func orderedBatches(unitLimit: Int) -> [[Int]] {
        batches(of: Self.sorted(lengths.indices, by: lengths), unitLimit: unitLimit)
    }

    /// The same in the order of the clips, for answers that are given as they come.
    package func consecutiveBatches(unitLimit: Int) -> [[Int]] {
        batches(of: lengths.indices, unitLimit: unitLimit)
    }

    private func batches(of clips: some Sequence<Int>, unitLimit: Int) -> [[Int]] {
        var batches: [[Int]] = []
        var units = 0
        for clip in clips {
            if batches.last.map({ $0.count == batchSize || units + lengths[clip] > unitLimit }) ?? true {
                batches.append([])
                units = 0
            }
            batches[batches.count - 1].append(clip)
            units += lengths[clip]
        }
        return batches
    }

    private static func cut(_ clips: [Int], into size: Int) -> [[Int]] {
        stride(from: 0, to: clips.count, by: size).map { Array(clips[$0..<min($0 + size, clips.count)]) }
    }

    /// The standard library does not promise a stable sort, so the position breaks ties.
    private static func sorted(_ clips: some Collection<Int>, by lengths: [Int]) -> [Int] {
        clips.enumerated()
            .sorted { (lengths[$0.element], $0.offset) < (lengths[$1.element], $1.offset) }
            .map(\.element)
    }
}
