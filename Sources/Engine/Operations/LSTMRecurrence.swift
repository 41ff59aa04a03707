import CKernels

/// The part of an LSTM that goes from step to step, over all clips at once. Rows are by time.
///
/// With s = W x + U h + b in four parts for the gates i, f, g and o, c′ = σ(f) c + σ(i) tanh(g) and h′ = σ(o) tanh(c′)
/// (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000). A clip starts with h = c = 0.
struct LSTMRecurrence {
    private let order: TimeOrder
    private let width: Int
    private let precision: Precision
    /// U, [4 width, width].
    private let weight: MatrixProduct.Operand
    /// The activated gates, [rows, 4 width].
    private let gates: Tensor
    /// Zeros for the state before the first step, then c of each row: [clips + rows, width].
    private let cells: Tensor
    /// [rows, width]
    let hidden: Tensor

    /// Goes through all steps.
    ///
    /// - Parameters:
    ///   - inputSums: W x, [rows, 4 width]; is turned into the gates.
    ///   - weight: U, [4 width, width].
    ///   - transposed: Uᵀ.
    ///   - bias: [4 width]
    ///   - precision: of the products.
    init(
        _ order: TimeOrder,
        inputSums: Tensor,
        weight: MatrixProduct.Operand,
        transposed: MatrixProduct.Operand,
        bias: UnsafePointer<Float>,
        precision: Precision
    ) {
        self.order = order
        self.precision = precision
        self.weight = weight
        width = inputSums.columns / 4
        gates = inputSums
        hidden = Tensor(uninitialized: [order.rows, width])
        cells = Tensor(uninitialized: [order.clips + order.rows, width])
        cells.pointer.update(repeating: 0, count: order.clips * width)
        let transposed =
            order.steps > 1 ? transposed.packed(k: width, n: 4 * width, precision: precision) : transposed
        for step in 0..<order.steps {
            let rows = order[step]
            if step > 0 {
                MatrixProduct(
                    m: rows.count, n: 4 * width, k: width,
                    .init(row(hidden, order[step - 1].lowerBound), stride: width),
                    transposed,
                    to: row(gates, rows.lowerBound), stride: 4 * width, adding: true, precision: precision
                ).compute()
            }
            let before = cells(before: step)
            Cut(rows: rows.count, columns: 4 * width).forEach { block in
                let first = rows.lowerBound + block.lowerBound
                ck_lstm_step(
                    row(gates, first), bias, before + block.lowerBound * width, row(cells, order.clips + first),
                    row(hidden, first), block.count, width)
            }
        }
    }

    /// Goes back through all steps.
    ///
    /// - Parameter hiddenGradient: the gradient of `hidden` as far as it is used outside, [rows, width]; what the steps
    ///   themselves make of it is added.
    /// - Returns: the gradient of the sums, [rows, 4 width].
    func backward(_ hiddenGradient: Tensor) -> Tensor {
        let sums = Tensor(uninitialized: gates.shape)
        // That of the cell states after a step. Clips that end before it are the last rows, still zero.
        let carried = Tensor(zeros: [order.clips, width])
        let weight = order.steps > 1 ? weight.packed(k: 4 * width, n: width, precision: precision) : weight
        for step in (0..<order.steps).reversed() {
            let rows = order[step]
            let before = cells(before: step)
            Cut(rows: rows.count, columns: 4 * width).forEach { block in
                let first = rows.lowerBound + block.lowerBound
                ck_lstm_step_gradient(
                    row(gates, first), before + block.lowerBound * width, row(cells, order.clips + first),
                    row(hiddenGradient, first), row(carried, block.lowerBound), row(sums, first), block.count, width)
            }
            if step > 0 {
                MatrixProduct(
                    m: rows.count, n: width, k: 4 * width,
                    .init(row(sums, rows.lowerBound), stride: 4 * width),
                    weight,
                    to: row(hiddenGradient, order[step - 1].lowerBound), stride: width, adding: true,
                    precision: precision
                ).compute()
            }
        }
        return sums
    }

    /// dU += dsᵀ h of the step before, for all rows but those of the first step in one product.
    func addWeightGradient(sums: Tensor, to gradient: UnsafeMutablePointer<Float>) {
        let before = Tensor(uninitialized: [order.rows - order.clips, width])
        for step in (0..<order.steps).dropFirst() {
            row(before, order[step].lowerBound - order.clips)
                .update(from: row(hidden, order[step - 1].lowerBound), count: order[step].count * width)
        }
        MatrixProduct(
            m: 4 * width, n: width, k: before.rows,
            .init(row(sums, order.clips), stride: 4 * width, transposed: true),
            .init(before.pointer, stride: width),
            to: gradient, stride: width, adding: true, precision: precision
        ).compute()
    }

    /// The cell states that the rows of a step start from.
    private func cells(before step: Int) -> UnsafeMutablePointer<Float> {
        row(cells, step == 0 ? 0 : order.clips + order[step - 1].lowerBound)
    }

    private func row(_ x: Tensor, _ row: Int) -> UnsafeMutablePointer<Float> { x.pointer + row * x.columns }
}
