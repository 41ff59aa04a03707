import CKernels

extension Tape {
    /// LayerNorm(residual + dropout(x)) over the last axis (Ba et al. 2016); without `residual`, LayerNorm(x).
    ///
    /// - Parameters:
    ///   - x: [rows, columns]
    ///   - residual: [rows, columns] or nil
    ///   - gain: [columns]
    ///   - bias: [columns]
    ///   - dropout: the rate on `x`, before it is added to `residual`.
    package func layerNorm(
        _ x: Variable,
        residual: Variable? = nil,
        gain: Parameter,
        bias: Parameter,
        epsilon: Float,
        dropout rate: Float = 0
    ) -> Variable {
        precondition(residual != nil || rate == 0, "dropout belongs to the branch that is added to a residual")
        let (rows, columns) = (x.rows, x.columns)
        let mask = dropoutMask(rate: rate)
        let y = Tensor(uninitialized: [rows, columns])
        // What only a backward pass needs.
        let normalized = isRecording ? Tensor(uninitialized: [rows, columns]) : y
        let inverseDeviation = isRecording ? Tensor(uninitialized: [rows]) : nil
        let blocks = Chunks(rows: rows, columns: columns)
        let (g, b) = (parameters.pointer(gain), parameters.pointer(bias))
        blocks.forEach { block in
            let start = block.lowerBound * columns
            let count = block.count * columns
            let sum = normalized.pointer + start
            switch (mask, residual) {
            case (nil, nil): sum.update(from: x.value.pointer + start, count: count)
            case (nil, let residual?): ck_sum(x.value.pointer + start, residual.value.pointer + start, sum, count)
            case (let mask?, _):
                mask.apply(x.value.pointer + start, to: sum, rows: block, columns: 0..<columns, stride: columns)
                if let residual { ck_add(residual.value.pointer + start, sum, count) }
            }
            ck_layer_norm(
                sum, g, b, y.pointer + start, inverseDeviation.map { $0.pointer + block.lowerBound }, block.count,
                columns, epsilon)
        }
        guard let inverseDeviation else { return constant(y) }

        return record(y) { [x = x.place, residual = residual?.place] gradient, pass in
            let gsum = Tensor(uninitialized: [rows, columns])
            let gx = mask == nil ? gsum : Tensor(uninitialized: [rows, columns])
            let gainPartial = Tensor(zeros: [blocks.count, columns])
            let biasPartial = Tensor(zeros: [blocks.count, columns])
            Parallel.forEach(blocks.count) { index in
                let block = blocks[index]
                let start = block.lowerBound * columns
                ck_layer_norm_gradient(
                    normalized.pointer + start, inverseDeviation.pointer + block.lowerBound, g,
                    gradient.pointer + start, gsum.pointer + start, gainPartial.pointer + index * columns,
                    biasPartial.pointer + index * columns, block.count, columns)
                mask?.apply(
                    gsum.pointer + start, to: gx.pointer + start, rows: block, columns: 0..<columns, stride: columns)
            }
            ck_add_column_sums(gainPartial.pointer, pass.gradients.pointer(gain), blocks.count, columns)
            ck_add_column_sums(biasPartial.pointer, pass.gradients.pointer(bias), blocks.count, columns)
            if pass.wants(x) { pass.accumulate(gx, to: x) }
            if let residual, pass.wants(residual) { pass.accumulate(gsum, to: residual) }
        }
    }
}
