import Testing

@testable import Engine

@Suite("Tiles of a matrix product")
struct TilesTests {
    @Test("tiles cover the result, each element once")
    func cover() {
        for m in [1, 7, 60, 64, 129, 517, 2880] {
            for n in [1, 16, 130, 512, 1536] {
                for k in [1, 64, 1024, 9999] {
                    let cut = Tiles(m: m, n: n, k: k)
                    let tiles = (0..<cut.count).map { cut[$0] }
                    #expect(tiles.allSatisfy { !$0.rows.isEmpty && !$0.columns.isEmpty })
                    #expect(tiles.reduce(0) { $0 + $1.rows.count * $1.columns.count } == m * n)
                    let corners = Set(tiles.map { [$0.rows.lowerBound, $0.columns.lowerBound] })
                    #expect(corners.count == tiles.count)
                    #expect(tiles.allSatisfy { $0.rows.upperBound <= m && $0.columns.upperBound <= n })
                }
            }
        }
    }

    @Test("an empty result has no tiles", arguments: [(0, 5), (5, 0), (0, 0)])
    func empty(m: Int, n: Int) { #expect(Tiles(m: m, n: n, k: 5).count == 0) }

    @Test("small products stay whole, large ones are cut along their longer side first")
    func shapes() {
        #expect(Tiles(m: 64, n: 64, k: 64).count == 1)
        #expect(Tiles(m: 1, n: 4096, k: 4096).count > 1)
        let tall = Tiles(m: 2880, n: 512, k: 512)
        #expect(tall[0].rows == 0..<360 && tall[0].columns == 0..<512)
        let wide = Tiles(m: 60, n: 1024, k: 512)
        #expect(wide[0].rows == 0..<60)
        #expect(wide[0].columns.count < 1024)
    }
}
