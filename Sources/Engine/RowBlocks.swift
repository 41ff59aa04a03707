import CKernels

/// Cuts the rows of a matrix into blocks of work for ``Parallel``.
///
/// The cut depends on the shape alone, and every block starts at a tile boundary of the dropout mask, so that results do
/// not depend on the number of threads.
struct RowBlocks {
    let rows: Int
    let rowsPerBlock: Int

    /// About the number of elements worth handing to another thread.
    private static let elements = 16_384

    init(rows: Int, columns: Int) {
        let tile = CK_TILE
        let unit = tile / Self.greatestCommonDivisor(tile, max(columns, 1))
        self.rows = rows
        rowsPerBlock = max(unit, Self.elements / max(columns, 1) / unit * unit)
    }

    var count: Int { (rows + rowsPerBlock - 1) / rowsPerBlock }

    subscript(block: Int) -> Range<Int> {
        block * rowsPerBlock..<min(rows, (block + 1) * rowsPerBlock)
    }

    /// Calls `body` with the rows of each block, on several threads.
    func forEach(_ body: (Range<Int>) -> Void) {
        Parallel.forEach(count) { body(self[$0]) }
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }
}
