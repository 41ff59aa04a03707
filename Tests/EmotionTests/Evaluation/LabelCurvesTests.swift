import Testing

@testable import Emotion

@Suite struct LabelCurvesTests {
    @Test func goesFromNothingToAllByFallingThreshold() {
        let curves = LabelCurves.all(
            probabilities: [0.9, 0.1, 0.6, 0.2, 0.6, 0.3, 0.2, 0.4], truth: [1, 0, 1, 0, 0, 0, 0, 0],
            labels: ["a", "b"])
        #expect(curves.map(\.label) == ["a", "b"])
        #expect(curves[0].roc.map(\.falsePositiveRate) == [0, 0, 0.5, 1])
        #expect(curves[0].roc.map(\.truePositiveRate) == [0, 0.5, 1, 1])
        #expect(curves[0].roc.map(\.threshold) == [nil, 0.9, 0.6, 0.2].map { $0.map { Double(Float($0)) } })
        // No clip has it.
        #expect(curves[1].roc.isEmpty)
        #expect(curves[1].reliability.allSatisfy { $0.frequency == 0 })
    }

    @Test func binsHoldTheMeansOfTheirClips() {
        let ranking = LabelRanking(probabilities: [0.5, 0.51, 0.9, 1], truth: [0, 1, 1, 1])
        let bins = LabelCurves(ranking, label: "a").reliability
        #expect(bins.map(\.clips) == [2, 1, 1])
        #expect(bins.map(\.frequency) == [0.5, 1, 1])
        #expect(abs(bins[0].probability - 0.505) < 1e-6 && bins[2].probability == 1)
    }

    /// The area below what is drawn is about that of all points.
    @Test func manyPointsAreThinned() throws {
        let probabilities = (0..<10_000).map { Float($0) / 10_000 }
        let truth = (0..<10_000).map { Float(($0 * 7919) % 10_000 < $0 ? 1 : 0) }
        let ranking = LabelRanking(probabilities: probabilities, truth: truth)
        let roc = LabelCurves(ranking, label: "a").roc
        #expect(roc.count <= LabelCurves.pointLimit && roc.last?.truePositiveRate == 1)
        let area = zip(roc, roc.dropFirst()).reduce(0) {
            $0 + ($1.1.falsePositiveRate - $1.0.falsePositiveRate) * ($1.1.truePositiveRate + $1.0.truePositiveRate) / 2
        }
        #expect(abs(area - (try #require(ranking.areaUnderCurve))) < 0.001)
    }

    @Test func nothingIsDrawnOfWhatCannotBeComputed() {
        let curves = LabelCurves(LabelRanking(probabilities: [0.5, .nan], truth: [0, 1]), label: "a")
        #expect(curves.roc.isEmpty && curves.reliability.isEmpty)
    }
}
