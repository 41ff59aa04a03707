import Testing

@testable import HTTP

struct HistogramTests {
    @Test func eachDurationIsInTheBucketOfItsBound() {
        var histogram = Histogram()
        for nanoseconds: UInt64 in [0, 100_999, 101_000, 10_000_000_000, 10_000_001_000, 3_600_000_000_000] {
            histogram.add(nanoseconds: nanoseconds)
        }
        #expect(histogram.counts[0] == 2 && histogram.counts[1] == 1)
        #expect(histogram.counts[histogram.bounds.count - 1] == 1 && histogram.counts[histogram.bounds.count] == 2)
        #expect(histogram.counts.reduce(0, +) == 6)
        #expect(histogram.sum == 3_620_000_202_999)
    }
}
