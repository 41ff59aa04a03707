import CKernels

extension MatrixProduct {
    /// The product by a library that computes on the calling thread, tile by tile.
    func computeTiled(_ multiply: (MatrixProduct) -> Void, _ epilogue: Epilogue?) {
        forEachTile(epilogue) { multiply(part($0)) }
    }

    /// The product in bfloat16 by a library that computes on the calling thread, from operands that are rounded once.
    func computeRounded(_ multiply: (MatrixProduct, BFloat16Matrix, BFloat16Matrix) -> Void, _ epilogue: Epilogue?) {
        let a = BFloat16Matrix(a, rows: m, columns: k)
        let b = BFloat16Matrix(b, rows: k, columns: n)
        forEachTile(epilogue) { tile in
            multiply(
                part(tile), a.from(row: tile.rows.lowerBound, column: 0),
                b.from(row: 0, column: tile.columns.lowerBound))
        }
    }

    private func forEachTile(_ epilogue: Epilogue?, _ body: ((rows: Range<Int>, columns: Range<Int>)) -> Void) {
        let tiles = Tiles(m: m, n: n, k: k)
        Parallel.forEach(tiles.count) {
            let tile = tiles[$0]
            body(tile)
            epilogue?(tile.rows, tile.columns)
        }
    }

    private func part(_ tile: (rows: Range<Int>, columns: Range<Int>)) -> MatrixProduct {
        MatrixProduct(
            m: tile.rows.count, n: tile.columns.count, k: k, a.from(row: tile.rows.lowerBound, column: 0),
            b.from(row: 0, column: tile.columns.lowerBound),
            to: c.from(row: tile.rows.lowerBound, column: tile.columns.lowerBound), accumulating: accumulates,
            precision: precision)
    }
}

/// Tiles for a library, by nothing but the shape of the product.
extension Tiles {
    /// A number of tiles, the grids that make it, and the least share of the undivided product's speed for taking it.
    private static let choices: [(tiles: Int, grids: [(rows: Int, columns: Int)], share: Double)] = [
        (16, [(16, 1), (8, 2), (4, 4), (2, 8), (1, 16)], 0.97),
        (8, [(8, 1), (4, 2), (2, 4), (1, 8)], 0.92),
        (4, [(4, 1), (2, 2), (1, 4)], 0.9),
        (2, [(2, 1), (1, 2)], 0.8),
    ]

    /// Operations that a tile must have to be worth handing to another thread: some 25 µs of one core.
    private static let leastOperations = 2e6

    /// How a product of an [m, k] and a [k, n] matrix is cut.
    ///
    /// Each tile packs its own rows of A and columns of B, so a grid of r × c tiles packs A c times and B r times. The time
    /// of a product of 2·m·n·k operations is then proportional to 1 + x·r/m + y·c/n; x = 10 and y = 15 were fitted to
    /// OpenBLAS, for which a tile of few columns is also slower to compute. The most tiles are taken whose loss to the
    /// undivided product stays in bounds, which are the wider the fewer tiles there are: a second one halves the time, a
    /// sixteenth gains nothing on most machines. Their numbers are powers of two so that common numbers of cores divide
    /// them.
    ///
    /// Tiles begin at multiples of what OpenBLAS computes at a time, which is at most 4 rows and 16 columns, and where an
    /// epilogue may begin.
    init(m: Int, n: Int, k: Int) {
        let (height, width) = (Double(m), Double(n))
        let operations = 2 * height * width * Double(k)
        func time(_ grid: (rows: Int, columns: Int)) -> Double {
            1 + 10 * Double(grid.rows) / height + 15 * Double(grid.columns) / width
        }
        let grid =
            Self.choices.lazy.compactMap { choice -> (rows: Int, columns: Int)? in
                guard operations >= Self.leastOperations * Double(choice.tiles),
                    let grid = choice.grids.min(by: { time($0) < time($1) }),
                    time((1, 1)) >= choice.share * time(grid)
                else { return nil }
                return grid
            }.first ?? (1, 1)
        rows = Chunks(m, parts: grid.rows, multiple: 4)
        columns = Chunks(n, parts: grid.columns, multiple: Int(CK_TILE))
    }
}
