import Testing

@testable import Emotion

@Suite struct SplitCountsTests {
    private func clips(_ lengths: [Int], labels: [Float]? = nil, labelCount: Int = 0) -> Clips {
        let values = [Float](repeating: 1, count: lengths.reduce(0, +))
        return Clips(
            count: lengths.count, modalities: ["text": Sequences(featureSize: 1, lengths: lengths, values: values)],
            labels: labels, labelCount: labelCount)
    }

    @Test func countsLengthsAndPairsOfLabels() {
        let counts = SplitCounts(of: clips([0, 2, 2], labels: [1, 1, 0, 1, 0, 0], labelCount: 2))
        #expect(counts.clips == 3)
        #expect(counts.lengths == [.init(name: "text", width: 1, counts: [1, 0, 2])])
        #expect(counts.pairs == [[1, 1], [1, 2]])
    }

    @Test(arguments: [49, 50, 99, 100, 1234])
    func manyLengthsAreCountedTogether(most: Int) {
        let lengths = SplitCounts(of: clips([0, 1, most])).lengths[0]
        #expect(lengths.counts.count <= SplitCounts.placeLimit && lengths.counts.reduce(0, +) == 3)
        #expect(lengths.counts.last == 1 && most / lengths.width == lengths.counts.count - 1)
    }

    @Test func hasNoPairsWithoutLabelsOrOfVeryMany() {
        #expect(SplitCounts(of: clips([1])).pairs == nil)
        let count = SplitCounts.labelLimit + 1
        let labels = [Float](repeating: 1, count: count)
        #expect(SplitCounts(of: clips([1], labels: labels, labelCount: count)).pairs == nil)
    }
}
