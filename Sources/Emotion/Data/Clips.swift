/// A packed collection of clips: a split, or a batch of it.
package struct Clips: Sendable {
    /// The number of clips, N.
    package let count: Int
    /// By name of modality, each of N clips.
    package let modalities: [String: Sequences]
    /// [N, K] of 0 and 1, nil when the clips are not labelled.
    package let labels: [Float]?
    /// K; 0 when the clips are not labelled.
    package let labelCount: Int
    /// One name per clip, where the source has names.
    package let ids: [String]?

    package init(
        count: Int,
        modalities: [String: Sequences],
        labels: [Float]? = nil,
        labelCount: Int = 0,
        ids: [String]? = nil
    ) {
        precondition(modalities.values.allSatisfy { $0.count == count }, "every modality holds every clip")
        precondition(
            (labels?.count ?? 0) == (labels == nil ? 0 : count * labelCount),
            "labels hold [count, labelCount]"
        )
        precondition(ids == nil || ids?.count == count, "one id per clip")
        self.count = count
        self.modalities = modalities
        self.labels = labels
        self.labelCount = labels == nil ? 0 : labelCount
        self.ids = ids
    }

    /// Packs single clips. They are labelled together when every one of them has labels.
    ///
    /// The units of each clip have the feature sizes of `modalities`; units of other modalities are not allowed.
    package init(collating clips: [Clip], modalities: [Modality]) {
        let names = Set(modalities.map(\.name))
        precondition(names.count == modalities.count, "modalities have distinct names")
        for clip in clips {
            precondition(clip.modalities.keys.allSatisfy(names.contains), "a clip has known modalities only")
        }
        var packed: [String: Sequences] = [:]
        for modality in modalities {
            var values: [Float] = []
            values.reserveCapacity(clips.reduce(0) { $0 + ($1.modalities[modality.name]?.values.count ?? 0) })
            var lengths: [Int] = []
            lengths.reserveCapacity(clips.count)
            for clip in clips {
                guard let units = clip.modalities[modality.name] else {
                    lengths.append(0)
                    continue
                }
                precondition(units.featureSize == modality.featureSize, "units have their modality's feature size")
                lengths.append(units.length)
                values += units.values
            }
            packed[modality.name] = Sequences(featureSize: modality.featureSize, lengths: lengths, values: values)
        }
        var labels: [Float]?
        if let labelCount = clips.first?.labels?.count, clips.allSatisfy({ $0.labels?.count == labelCount }) {
            labels = clips.flatMap { $0.labels ?? [] }
        }
        self.init(
            count: clips.count,
            modalities: packed,
            labels: labels,
            labelCount: labels == nil ? 0 : clips.first?.labels?.count ?? 0,
            ids: clips.contains { $0.id != nil } ? clips.map { $0.id ?? "" } : nil
        )
    }

    /// The clips of the given indices, in the order given. Costs as much as these clips hold.
    package func select(_ clips: [Int]) -> Clips {
        var chosenLabels: [Float]?
        if let labels {
            var gathered: [Float] = []
            gathered.reserveCapacity(clips.count * labelCount)
            for clip in clips { gathered += labels[clip * labelCount..<(clip + 1) * labelCount] }
            chosenLabels = gathered
        }
        return Clips(
            count: clips.count,
            modalities: modalities.mapValues { $0.select(clips) },
            labels: chosenLabels,
            labelCount: labelCount,
            ids: ids.map { ids in clips.map { ids[$0] } }
        )
    }

    /// Units of each clip over all modalities, which is what a clip costs.
    package var unitCounts: [Int] { unitCounts(modalities.values) }

    /// Units of each clip over some modalities.
    func unitCounts(of modalities: [Modality]) -> [Int] {
        unitCounts(modalities.compactMap { self.modalities[$0.name] })
    }

    private func unitCounts(_ modalities: some Sequence<Sequences>) -> [Int] {
        modalities.reduce(into: [Int](repeating: 0, count: count)) { counts, sequences in
            for (clip, length) in sequences.lengths.enumerated() { counts[clip] += length }
        }
    }
}

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
    package let values: FeatureValues
    /// The first row of each clip, and after the last clip the number of rows: `lengths.count + 1` numbers.
    package let offsets: [Int]
    /// Of each feature, how many values are 0 because they were not finite; empty where none was. Batches do not have it.
    package let replaced: [Int]

    package init(featureSize: Int, lengths: [Int], values: [Float], replaced: [Int] = []) {
        self.init(featureSize: featureSize, lengths: lengths, values: FeatureValues(values), replaced: replaced)
    }

    package init(featureSize: Int, lengths: [Int], values: FeatureValues, replaced: [Int] = []) {
        precondition(featureSize > 0, "a unit has at least one feature")
        precondition(replaced.isEmpty || replaced.count == featureSize, "replaced values are counted by feature")
        self.replaced = replaced
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

    /// Hands over the units one by one, in order, without a copy of them.
    func forEachRow(_ body: (UnsafeBufferPointer<Float>) -> Void) {
        values.withUnsafeBufferPointer { values in
            for start in stride(from: 0, to: values.count, by: featureSize) {
                body(UnsafeBufferPointer(rebasing: values[start..<start + featureSize]))
            }
        }
    }

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
