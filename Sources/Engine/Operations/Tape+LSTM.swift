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
        let w = parameters.pointer(inputWeight)
        let order = TimeOrder(segments)
        let ordered = order.byTime(x.value)
        let sums = Tensor(uninitialized: [rows, gates])
        MatrixProduct(
            m: rows, n: gates, k: input,
            .init(ordered.pointer, stride: input),
            parameters.transposed(inputWeight),
            to: sums.pointer, stride: gates, precision: parameters.precision
        ).compute()
        let recurrence = LSTMRecurrence(
            order, inputSums: sums, weight: .init(parameters.pointer(recurrentWeight), stride: width),
            transposed: parameters.transposed(recurrentWeight), bias: parameters.pointer(bias),
            precision: parameters.precision)

        let precision = parameters.precision
        return record(order.byClip(recurrence.hidden)) { [x = x.place] gradient, pass in
            // dW = dsᵀ x, db = Σ ds, dx = ds W.
            let gs = recurrence.backward(order.byTime(gradient))
            MatrixProduct(
                m: gates, n: input, k: rows,
                .init(gs.pointer, stride: gates, transposed: true),
                .init(ordered.pointer, stride: input),
                to: pass.gradients.pointer(inputWeight), stride: input, adding: true, precision: precision
            ).compute()
            recurrence.addWeightGradient(sums: gs, to: pass.gradients.pointer(recurrentWeight))
            Self.addColumnSums(of: gs, to: pass.gradients.pointer(bias))
            guard pass.wants(x) else { return }
            let gx = Tensor(uninitialized: [rows, input])
            MatrixProduct(
                m: rows, n: input, k: gates,
                .init(gs.pointer, stride: gates),
                .init(w, stride: input),
                to: gx.pointer, stride: input, precision: precision
            ).compute()
            pass.add(order.byClip(gx), to: x)
        }
    }
}
