/// How a product of an [m, k] and a [k, n] matrix is cut into tiles of the [m, n] result, by nothing but its shape.
///
/// Each tile packs its own rows of A and columns of B, so a grid of r × c tiles packs A c times and B r times. The time
/// of a product of 2·m·n·k operations is then proportional to 1 + x·r/m + y·c/n; x = 10 and y = 15 were fitted to
/// OpenBLAS, for which a tile of few columns is also slower to compute. The most tiles are taken whose loss to the
/// undivided product stays in bounds, which are the wider the fewer tiles there are: a second one halves the time, a
/// sixteenth gains nothing on most machines. Their numbers are powers of two so that common numbers of cores divide them.
struct GEMMTiling: Equatable {
    private let m: Int
    private let n: Int
    let tileRows: Int
    let tileColumns: Int

    /// A number of tiles, the grids that make it, and the least share of the undivided product's speed for taking it.
    private static let choices: [(tiles: Int, grids: [(rows: Int, columns: Int)], share: Double)] = [
        (16, [(16, 1), (8, 2), (4, 4), (2, 8), (1, 16)], 0.97),
        (8, [(8, 1), (4, 2), (2, 4), (1, 8)], 0.92),
        (4, [(4, 1), (2, 2), (1, 4)], 0.9),
        (2, [(2, 1), (1, 2)], 0.8),
    ]

    /// Operations that a tile must have to be worth handing to another thread: some 25 µs of one core.
    private static let leastOperations = 2e6

    /// Tiles begin at multiples of what OpenBLAS computes at a time, which is at most 4 rows and 16 columns, and where a
    /// product may be finished.
    private static let unit = (rows: 4, columns: MatrixProduct.finishingColumns)

    init(m: Int, n: Int, k: Int) {
        self.m = m
        self.n = n
        let (height, width) = (Double(m), Double(n))
        let operations = 2 * height * width * Double(k)
        func time(_ grid: (rows: Int, columns: Int)) -> Double {
            1 + 10 * Double(grid.rows) / height + 15 * Double(grid.columns) / width
        }
        for choice in GEMMTiling.choices where operations >= GEMMTiling.leastOperations * Double(choice.tiles) {
            guard let grid = choice.grids.min(by: { time($0) < time($1) }) else { continue }
            if time((1, 1)) >= choice.share * time(grid) {
                tileRows = GEMMTiling.part(m, of: grid.rows, unit: GEMMTiling.unit.rows)
                tileColumns = GEMMTiling.part(n, of: grid.columns, unit: GEMMTiling.unit.columns)
                return
            }
        }
        tileRows = max(1, m)
        tileColumns = max(1, n)
    }

    /// The length of each of `parts` parts, but for the last, in multiples of `unit`.
    private static func part(_ length: Int, of parts: Int, unit: Int) -> Int {
        guard parts > 1 else { return length }
        return ((length + parts - 1) / parts + unit - 1) / unit * unit
    }

    /// The number of tiles, at least 1.
    var count: Int { max(1, (m + tileRows - 1) / tileRows) * columnTiles }

    private var columnTiles: Int { max(1, (n + tileColumns - 1) / tileColumns) }

    /// The rows and columns of a tile.
    subscript(index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        let row = index / columnTiles * tileRows
        let column = index % columnTiles * tileColumns
        return (row..<min(m, row + tileRows), column..<min(n, column + tileColumns))
    }
}
