import CKernels

extension Tape {
    /// The hidden states of a long short-term memory that reads the rows of each clip in order (Hochreiter & Schmidhuber
    /// 1997; the layout is that of torch.nn.LSTM with a single bias).
    ///
    /// - Parameters:
    ///   - x: [rows, in]
    ///   - segments: which rows belong to which clip; a clip starts from zero states, whatever else is in the batch.
    ///   - inputWeight: [4 width, in], for the input, forget, cell and output gate.
    ///   - recurrentWeight: [4 width, width]
    ///   - bias: [4 width]
    /// - Returns: [rows, width]
    package func lstm(
        _ x: Variable,
        _ segments: Segments,
        inputWeight: Parameter,
        recurrentWeight: Parameter,
        bias: Parameter
    ) -> Variable {
        let (rows, input, width) = (x.rows, x.columns, recurrentWeight.shape[1])
        let gates = 4 * width
        precondition(segments.rows == rows, "segments of \(segments.rows) rows for \(x.value.shape)")
        let weights = [inputWeight, recurrentWeight, bias].map(\.shape)
        precondition(weights == [[gates, input], [gates, width], [gates]], "weights \(weights) on \(x.value.shape)")
        let order = TimeOrder(segments)
        let ordered = order.byTime(x.value)
        let sums = Tensor(uninitialized: [rows, gates])
        MatrixProduct(
            m: rows, n: gates, k: input,
            .init(ordered), parameters.transposed(inputWeight), to: .init(sums), precision: parameters.precision
        ).compute()
        let recurrence = LSTMRecurrence(
            order, inputSums: sums, transposed: parameters.transposed(recurrentWeight), bias: parameters.pointer(bias),
            precision: parameters.precision)

        guard isRecording else { return constant(order.byClip(recurrence.hidden)) }
        let (w, u) = (parameters.matrix(inputWeight), parameters.matrix(recurrentWeight))
        let precision = parameters.precision
        return record(order.byClip(recurrence.hidden)) { [x = x.place] gradient, pass in
            // dW = dsᵀ x, db = Σ ds, dx = ds W.
            let gs = recurrence.backward(order.byTime(gradient), weight: u)
            MatrixProduct(
                m: gates, n: input, k: rows,
                .init(gs, transposed: true), .init(ordered), to: pass.gradients.matrix(inputWeight),
                accumulating: true, precision: precision
            ).compute()
            recurrence.addWeightGradient(sums: gs, to: pass.gradients.matrix(recurrentWeight))
            Self.addColumnSums(of: gs, to: pass.gradients.pointer(bias))
            guard pass.wants(x) else { return }
            let gx = Tensor(uninitialized: [rows, input])
            MatrixProduct(
                m: rows, n: input, k: gates,
                .init(gs), w, to: .init(gx), precision: precision
            ).compute()
            pass.accumulate(order.byClip(gx), to: x)
        }
    }
}

/// The part of an LSTM that goes from step to step, over all clips at once. Rows are by time.
///
/// With s = W x + U h + b in four parts for the gates i, f, g and o, c′ = σ(f) c + σ(i) tanh(g) and h′ = σ(o) tanh(c′)
/// (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000). A clip starts with h = c = 0.
struct LSTMRecurrence {
    private let order: TimeOrder
    private let width: Int
    private let precision: Precision
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
    ///   - transposed: Uᵀ of U [4 width, width].
    ///   - bias: [4 width]
    ///   - precision: of the products.
    init(
        _ order: TimeOrder,
        inputSums: Tensor,
        transposed: MatrixProduct.Operand,
        bias: UnsafePointer<Float>,
        precision: Precision
    ) {
        self.order = order
        self.precision = precision
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
                    .init(hidden, row: order[step - 1].lowerBound), transposed,
                    to: .init(gates, row: rows.lowerBound), accumulating: true, precision: precision
                ).compute()
            }
            let before = cells(before: step)
            Chunks(rows: rows.count, columns: 4 * width).forEach { block in
                let first = rows.lowerBound + block.lowerBound
                ck_lstm_step(
                    row(gates, first), bias, before + block.lowerBound * width, row(cells, order.clips + first),
                    row(hidden, first), block.count, width)
            }
        }
    }

    /// Goes back through all steps.
    ///
    /// - Parameters:
    ///   - hiddenGradient: the gradient of `hidden` as far as it is used outside, [rows, width]; what the steps
    ///     themselves make of it is added.
    ///   - weight: U, [4 width, width].
    /// - Returns: the gradient of the sums, [rows, 4 width].
    func backward(_ hiddenGradient: Tensor, weight: MatrixProduct.Operand) -> Tensor {
        let sums = Tensor(uninitialized: gates.shape)
        // That of the cell states after a step. Clips that end before it are the last rows, still zero.
        let carried = Tensor(zeros: [order.clips, width])
        let weight = order.steps > 1 ? weight.packed(k: 4 * width, n: width, precision: precision) : weight
        for step in (0..<order.steps).reversed() {
            let rows = order[step]
            let before = cells(before: step)
            Chunks(rows: rows.count, columns: 4 * width).forEach { block in
                let first = rows.lowerBound + block.lowerBound
                ck_lstm_step_gradient(
                    row(gates, first), before + block.lowerBound * width, row(cells, order.clips + first),
                    row(hiddenGradient, first), row(carried, block.lowerBound), row(sums, first), block.count, width)
            }
            if step > 0 {
                MatrixProduct(
                    m: rows.count, n: width, k: 4 * width,
                    .init(sums, row: rows.lowerBound), weight,
                    to: .init(hiddenGradient, row: order[step - 1].lowerBound), accumulating: true,
                    precision: precision
                ).compute()
            }
        }
        return sums
    }

    /// dU += dsᵀ h of the step before, for all rows but those of the first step in one product.
    func addWeightGradient(sums: Tensor, to gradient: MatrixProduct.Operand) {
        let before = Tensor(uninitialized: [order.rows - order.clips, width])
        for step in (0..<order.steps).dropFirst() {
            row(before, order[step].lowerBound - order.clips)
                .update(from: row(hidden, order[step - 1].lowerBound), count: order[step].count * width)
        }
        MatrixProduct(
            m: 4 * width, n: width, k: before.rows,
            .init(sums, row: order.clips, transposed: true), .init(before), to: gradient, accumulating: true,
            precision: precision
        ).compute()
    }

    /// The cell states that the rows of a step start from.
    private func cells(before step: Int) -> UnsafeMutablePointer<Float> {
        row(cells, step == 0 ? 0 : order.clips + order[step - 1].lowerBound)
    }

    private func row(_ x: Tensor, _ row: Int) -> UnsafeMutablePointer<Float> { x.pointer + row * x.columns }
}

/// The rows of packed clips by time step instead of by clip: the first row of every clip, then the second rows, and so
/// on.
///
/// Within a step, clips come longest first. Those that go on to the next step are therefore the first of the step, and
/// their rows there are in the same order.
struct TimeOrder {
    /// For each row by time, where it is among the packed rows.
    private let packedRows: [Int]
    private let offsets: [Int]

    init(_ segments: Segments) {
        let lengths = segments.lengths
        var clips = (0..<segments.count).sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        var packedRows: [Int] = []
        packedRows.reserveCapacity(segments.rows)
        var offsets = [0]
        for step in 0..<(lengths.max() ?? 0) {
            while lengths[clips.last!] <= step { clips.removeLast() }
            for clip in clips { packedRows.append(segments[clip].lowerBound + step) }
            offsets.append(packedRows.count)
        }
        self.packedRows = packedRows
        self.offsets = offsets
    }

    var rows: Int { packedRows.count }

    var steps: Int { offsets.count - 1 }

    /// The rows of a step.
    subscript(step: Int) -> Range<Int> { offsets[step]..<offsets[step + 1] }

    /// How many clips have rows: those of the first step.
    var clips: Int { steps == 0 ? 0 : self[0].count }

    /// A copy of packed rows [rows, columns], by time.
    func byTime(_ packed: Tensor) -> Tensor {
        let (ordered, columns) = (Tensor(uninitialized: packed.shape), packed.columns)
        Chunks(rows: rows, columns: columns).forEach { block in
            for row in block {
                (ordered.pointer + row * columns)
                    .update(from: packed.pointer + packedRows[row] * columns, count: columns)
            }
        }
        return ordered
    }

    /// A copy of rows by time [rows, columns], packed by clip again.
    func byClip(_ ordered: Tensor) -> Tensor {
        let (packed, columns) = (Tensor(uninitialized: ordered.shape), ordered.columns)
        Chunks(rows: rows, columns: columns).forEach { block in
            for row in block {
                (packed.pointer + packedRows[row] * columns)
                    .update(from: ordered.pointer + row * columns, count: columns)
            }
        }
        return packed
    }
}
