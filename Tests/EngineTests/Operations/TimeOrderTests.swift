import Testing

@testable import Engine

@Suite("Rows by time")
struct TimeOrderTests {
    @Test("steps hold the clips that go on, longest first")
    func steps() {
        let order = TimeOrder(Segments(lengths: [2, 0, 4, 1, 2]))
        #expect((0..<order.steps).map { order[$0] } == [0..<4, 4..<7, 7..<8, 8..<9])
        #expect(order.clips == 4)
        let packed = Tensor((0..<9).flatMap { [Float($0), -Float($0)] }, shape: [9, 2])
        // The clips begin at rows 0, 2, 2, 6 and 7.
        let rows: [Float] = [2, 0, 7, 6, 3, 1, 8, 4, 5]
        #expect(order.byTime(packed).values == rows.flatMap { [$0, -$0] })
        #expect(order.byClip(order.byTime(packed)).values == packed.values)
    }

    @Test("without rows there are no steps", arguments: [[], [0], [0, 0]])
    func empty(lengths: [Int]) {
        let order = TimeOrder(Segments(lengths: lengths))
        #expect((order.rows, order.steps, order.clips) == (0, 0, 0))
        #expect(order.byTime(Tensor(zeros: [0, 3])).shape == [0, 3])
    }

    @Test("rows that are copied in several blocks")
    func blocks() {
        let order = TimeOrder(Segments(lengths: [40, 100, 60]))
        #expect(Chunks(rows: 200, columns: 512).count > 1)
        let packed = Tensor((0..<200 * 512).map(Float.init), shape: [200, 512])
        let ordered = order.byTime(packed)
        // The second step's first clip is the longest, which begins at row 40.
        #expect(ordered.values[3 * 512] == 41 * 512)
        #expect(order.byClip(ordered).values == packed.values)
    }
}
