import CKernels

/// The weights of a linear layer in 8 bits, for predictions: numbers from -127 to 127 times a scale of each output.
///
/// The inputs are quantized when they are multiplied, with a scale of each row, and the sums of products are exact: a row of
/// the result depends on nothing but that row of the input, to the same bits in any batch and on any number of threads.
final class QuantizedMatrix: Sendable {
    let input: Int
    let output: Int
    private let panels: Storage
    private let scales: Storage
    private let offsets: Storage

    /// Whether the processor multiplies in 8 bits.
    static let isAvailable = Processor.current.hasAVX512 && Processor.current.hasVNNI

    /// The most inputs whose sums fit 32 bits.
    static let largestInput = Int(CK_INT8_DEPTH)

    private static let panelColumns = Int(CK_INT8_COLUMNS)

    /// - Parameter weight: [output, input], all finite.
    /// - Precondition: the processor multiplies in 8 bits, and the input is not larger than ``largestInput``.
    init(_ weight: UnsafePointer<Float>, output: Int, input: Int) {
        precondition(Self.isAvailable && input <= Self.largestInput, "no products of \(input) inputs in int8")
        (self.input, self.output) = (input, output)
        let panelCount = (output + Self.panelColumns - 1) / Self.panelColumns
        let steps = (input + 3) / 4
        (panels, scales, offsets) = (
            Storage(zeros: panelCount * Self.panelColumns * steps), Storage(count: output), Storage(count: output)
        )
        let shares = Chunks(output, most: max(Self.panelColumns, 65_536 / input), multiple: Self.panelColumns)
        shares.forEach { share in
            let (first, to) = (share.lowerBound, columns(from: share.lowerBound))
            ck_int8_pack(
                weight + first * input, share.count, input, UnsafeMutablePointer(mutating: to.panels),
                scales.pointer + first, UnsafeMutablePointer(mutating: to.offsets))
        }
    }

    /// The bytes that the weights of a layer take.
    static func bytes(output: Int, input: Int) -> Int {
        let columns = (output + panelColumns - 1) / panelColumns * panelColumns
        return columns * ((input + 3) / 4 * 4) + 8 * output
    }

    /// From an output on where a panel begins.
    private func columns(from output: Int) -> ck_int8_columns {
        ck_int8_columns(
            panels: UnsafeRawPointer(panels.pointer + output * ((input + 3) / 4)).assumingMemoryBound(to: Int8.self),
            scales: scales.pointer + output,
            offsets: UnsafeRawPointer(offsets.pointer + output).assumingMemoryBound(to: Int32.self))
    }

    /// Operations worth handing to another thread: some 25 µs of one core.
    private static let leastOperations = 6_000_000

    /// The same where a thread is waiting for them.
    private static let leastShortOperations = 750_000

    /// Rows that stay in a thread's second-level cache.
    private static let blockRows = 12 * Int(CK_INT8_ROWS)

    /// activation(x Wᵀ + bias): [rows, input] → [rows, output]. A row that is not finite gives NaN.
    func linear(_ x: Tensor, bias: UnsafePointer<Float>, _ activation: Activation) -> Tensor {
        let rows = x.rows
        precondition(x.columns == input, "\(x.shape) for \(input) inputs")
        let y = Tensor(uninitialized: [rows, output])
        let operations = 2 * rows * output * input
        MatrixProduct.count(operations: operations)
        let quantized = QuantizedRows(x)
        let isShort = operations < 2 * Self.leastOperations
        let tiles = tiles(rows: rows, operations: operations, isShort: isShort)
        Parallel.forEach(tiles.count, isShort: isShort) {
            let (part, columns) = tiles[$0]
            var rows = quantized[part]
            var weights = self.columns(from: columns.lowerBound)
            ck_int8_linear(
                &rows, &weights, bias + columns.lowerBound, activation == .relu ? 1 : 0, columns.count,
                y.pointer + part.lowerBound * output + columns.lowerBound, output)
        }
        return y
    }

    /// Columns are cut first, so that a weight is read by one thread.
    private func tiles(rows: Int, operations: Int, isShort: Bool) -> Tiles {
        let least = isShort ? Self.leastShortOperations : Self.leastOperations
        let isCut = isShort ? Parallel.hasIdleThread : Parallel.threads > 1
        let wanted = isCut ? max(1, min((isShort ? 2 : 4) * Parallel.threads, operations / least)) : 1
        let blocks = Chunks(rows, most: Self.blockRows, multiple: Int(CK_INT8_ROWS))
        let parts = (wanted + max(1, blocks.count) - 1) / max(1, blocks.count)
        return Tiles(rows: blocks, columns: Chunks(output, parts: parts, multiple: Self.panelColumns))
    }
}

/// The rows of a matrix in 8 bits, each with a scale.
private struct QuantizedRows {
    private let numbers: Storage
    private let scales: Storage
    private let columns: Int

    init(_ x: Tensor) {
        let (rows, columns) = (x.rows, x.columns)
        // The last tile reads as many rows as it has.
        let count = rows + Int(CK_INT8_ROWS)
        let (numbers, scales) = (Storage(count: count * ck_int8_stride(columns) / 4), Storage(count: count))
        (self.numbers, self.scales, self.columns) = (numbers, scales, columns)
        Chunks(rows: rows, columns: columns).forEach { part in
            ck_int8_quantize(
                x.pointer + part.lowerBound * columns, part.count, columns,
                UnsafeMutableRawPointer(numbers.pointer).assumingMemoryBound(to: UInt8.self)
                    + part.lowerBound * ck_int8_stride(columns),
                scales.pointer + part.lowerBound)
        }
    }

    subscript(part: Range<Int>) -> ck_int8_rows {
        ck_int8_rows(
            numbers: UnsafeRawPointer(numbers.pointer).assumingMemoryBound(to: UInt8.self)
                + part.lowerBound * ck_int8_stride(columns),
            scales: scales.pointer + part.lowerBound, rows: part.count, depth: columns)
    }
}
