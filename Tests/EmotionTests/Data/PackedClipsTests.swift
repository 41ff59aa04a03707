import TestSupport
import Testing

@testable import Emotion

@Suite struct SequencesTests {
    static func make() -> Sequences {
        Sequences(featureSize: 2, lengths: [2, 0, 1], values: [1, 2, 3, 4, 5, 6])
    }

    @Test func offsetsAreTheRowsWhereClipsStart() {
        let sequences = Self.make()
        #expect(sequences.offsets == [0, 2, 2, 3])
        #expect(sequences.rowCount == 3)
        #expect(sequences.count == 3)
    }

    @Test func selectKeepsTheOrderGivenAndMayRepeat() {
        let chosen = Self.make().select([2, 1, 0, 2])
        #expect(chosen.lengths == [1, 0, 2, 1])
        #expect(chosen.values == [5, 6, 1, 2, 3, 4, 5, 6])
        #expect(Self.make().select([]).values.isEmpty)
        #expect(Self.make().select([1]).values.isEmpty)
    }

    @Test func valuesThatDoNotFillTheRowsAreRefused() async {
        await #expect(processExitsWith: .failure) {
            _ = Sequences(featureSize: 2, lengths: [2], values: [1, 2, 3])
        }
    }
}

@Suite struct ClipsTests {
    static let text = Modality(name: "text", featureSize: 2)
    static let audio = Modality(name: "audio", featureSize: 1)

    static func make() -> [Clip] {
        [
            Clip(id: "a", modalities: ["text": .init(length: 1, featureSize: 2, values: [1, 2])], labels: [1, 0]),
            Clip(
                id: "b",
                modalities: [
                    "text": .init(length: 2, featureSize: 2, values: [3, 4, 5, 6]),
                    "audio": .init(length: 1, featureSize: 1, values: [7]),
                ],
                labels: [0, 1]
            ),
        ]
    }

    @Test func collatingPacksAndLeavesMissingModalitiesOut() {
        let clips = Clips(collating: Self.make(), modalities: [Self.text, Self.audio])
        #expect(clips.count == 2)
        #expect(clips.modalities["text"]?.lengths == [1, 2])
        #expect(clips.modalities["text"]?.values == [1, 2, 3, 4, 5, 6])
        #expect(clips.modalities["audio"]?.lengths == [0, 1])
        #expect(clips.labels == [1, 0, 0, 1])
        #expect(clips.labelCount == 2)
        #expect(clips.ids == ["a", "b"])
        #expect(clips.unitCounts == [1, 3])
    }

    @Test func labelsNeedEveryClipToHaveThem() {
        var samples = Self.make()
        samples[1].labels = nil
        let clips = Clips(collating: samples, modalities: [Self.text, Self.audio])
        #expect(clips.labels == nil)
        #expect(clips.labelCount == 0)
    }

    @Test func selectTakesLabelsAndIdsAlong() {
        let clips = Clips(collating: Self.make(), modalities: [Self.text, Self.audio]).select([1])
        #expect(clips.count == 1)
        #expect(clips.labels == [0, 1])
        #expect(clips.ids == ["b"])
        #expect(clips.modalities["audio"]?.values == [7])
    }

    @Test(arguments: ["", "a b", "labels", "lengths_text", "../x", "é", String(repeating: "a", count: 65)])
    func badNamesOfModalities(name: String) {
        #expect(Modality.fault(inName: name) != nil)
    }

    @Test(arguments: ["text", "lyrics_2", "a-b", "7"])
    func goodNamesOfModalities(name: String) {
        #expect(Modality.fault(inName: name) == nil)
    }
}

@Suite struct BatchSamplerTests {
    static let lengths = (0..<103).map { ($0 * 37) % 20 }

    @Test(arguments: [1, 2, 16])
    func everyClipComesOnce(window: Int) {
        let sampler = BatchSampler(lengths: Self.lengths, batchSize: 8, seed: 3, windowBatches: window)
        for epoch in 0..<3 {
            let batches = sampler.batches(epoch: epoch)
            #expect(batches.count == sampler.batchesPerEpoch)
            #expect(batches.flatMap(\.self).sorted() == Array(0..<103))
            #expect(batches.count { $0.count == 8 } == 12)
        }
    }

    @Test func seedAndEpochDecide() {
        let sampler = BatchSampler(lengths: Self.lengths, batchSize: 8, seed: 3)
        #expect(
            sampler.batches(epoch: 1) == BatchSampler(lengths: Self.lengths, batchSize: 8, seed: 3).batches(epoch: 1)
        )
        #expect(sampler.batches(epoch: 1) != sampler.batches(epoch: 2))
        #expect(
            sampler.batches(epoch: 1) != BatchSampler(lengths: Self.lengths, batchSize: 8, seed: 4).batches(epoch: 1)
        )
    }

    /// The order is part of what a seed means: a change here changes every training.
    @Test func theOrderIsFixed() {
        let sampler = BatchSampler(lengths: [1, 1, 1, 1, 1, 1], batchSize: 4, seed: 7)
        #expect(sampler.batches(epoch: 0) == [[1, 5, 2, 3], [0, 4]])
    }

    @Test func windowsMakeBatchesOfSimilarLength() {
        func spread(_ window: Int) -> Int {
            BatchSampler(lengths: Self.lengths, batchSize: 8, seed: 1, windowBatches: window).batches(epoch: 0)
                .reduce(0) { sum, batch in
                    let lengths = batch.map { Self.lengths[$0] }
                    return sum + (lengths.max() ?? 0) - (lengths.min() ?? 0)
                }
        }
        #expect(spread(13) * 4 < spread(1))
    }

    @Test func orderedBatchesGoFromShortToLong() {
        let batches = BatchSampler(lengths: Self.lengths, batchSize: 8, seed: 0).orderedBatches(unitLimit: .max / 2)
        let lengths = batches.flatMap(\.self).map { Self.lengths[$0] }
        #expect(lengths == lengths.sorted())
        #expect(batches.flatMap(\.self).sorted() == Array(0..<103))
    }

    @Test func orderedBatchesKeepToTheLimitOfUnits() {
        func batches(_ lengths: [Int]) -> [[Int]] {
            BatchSampler(lengths: lengths, batchSize: 3, seed: 0).orderedBatches(unitLimit: 10)
        }
        #expect(batches([3, 1, 2]) == [[1, 2, 0]])
        #expect(batches([10, 1, 9]) == [[1, 2], [0]])
        #expect(batches([11, 12]) == [[0], [1]])
        #expect(batches([1, 1, 1, 1]) == [[0, 1, 2], [3]])
        #expect(batches([]).isEmpty)
    }

    @Test func consecutiveBatchesKeepTheOrderOfTheClips() {
        func batches(_ lengths: [Int]) -> [[Int]] {
            BatchSampler(lengths: lengths, batchSize: 3, seed: 0).consecutiveBatches(unitLimit: 10)
        }
        #expect(batches([3, 1, 2]) == [[0, 1, 2]])
        #expect(batches([9, 1, 10, 1]) == [[0, 1], [2], [3]])
        #expect(batches([11, 12]) == [[0], [1]])
        #expect(batches([1, 1, 1, 1]) == [[0, 1, 2], [3]])
        #expect(batches([]).isEmpty)
    }

    @Test func noClipsMakeNoBatches() {
        let sampler = BatchSampler(lengths: [], batchSize: 8, seed: 0)
        #expect(sampler.batches(epoch: 0).isEmpty)
        #expect(sampler.batchesPerEpoch == 0)
    }

    @Test func generatorDrawsEvenly() {
        var generator = CounterGenerator(1, 2)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<10_000 { counts[generator.index(below: 10)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 1000) < 150 })
        #expect((0..<1000).allSatisfy { _ in (0..<1).contains(generator.uniform()) })
        var other = CounterGenerator(2, 1)
        var again = CounterGenerator(1, 2)
        #expect(other.next() != again.next())
    }
}
