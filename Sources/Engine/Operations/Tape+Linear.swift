import CKernels

/// What follows the affine map of ``Tape/linear(_:weight:bias:activation:dropout:)``.
package enum Activation: Sendable {
    case identity
    case relu
}

extension Tape {
    /// dropout(activation(x Wᵀ + b)), where dropout needs the ReLU: its gradient is read off the output.
    ///
    /// - Parameters:
    ///   - x: [rows, in]
    ///   - weight: [out, in]
    ///   - bias: [out]
    /// - Returns: [rows, out]
    package func linear(
        _ x: Variable,
        weight: Parameter,
        bias: Parameter,
        activation: Activation = .identity,
        dropout rate: Float = 0
    ) -> Variable {
        let (rows, input, output) = (x.rows, x.columns, weight.shape[0])
        precondition(weight.shape == [output, input], "\(weight.name) \(weight.shape) on \(x.value.shape)")
        precondition(activation == .relu || rate == 0, "dropout without ReLU is an operation of its own")
        let b = parameters.pointer(bias)
        if let quantized = parameters.quantized(weight) {
            return constant(quantized.linear(x.value, bias: b, activation))
        }
        let y = Tensor(uninitialized: [rows, output])
        let mask = activation == .relu ? dropoutMask(rate: rate) : nil
        MatrixProduct(
            m: rows, n: output, k: input,
            .init(x.value), parameters.transposed(weight), to: .init(y), precision: parameters.precision
        ).compute(hasMask: mask != nil) { rows, columns in
            let part = y.pointer + rows.lowerBound * output + columns.lowerBound
            let bias = b + columns.lowerBound
            switch activation {
            case .identity: ck_add_bias(part, bias, rows.count, columns.count, output)
            case .relu: ck_add_bias_relu(part, bias, rows.count, columns.count, output)
            }
            mask?.apply(part, to: part, rows: rows, columns: columns, stride: output)
        }

        guard isRecording else { return constant(y) }
        let activated = activation == .relu ? y : nil
        let (w, precision) = (parameters.matrix(weight), parameters.precision)
        return record(y) { gradient, pass in
            let gz = activated.map { _ in Tensor(uninitialized: [rows, output]) } ?? gradient
            Self.addColumnSums(of: gz, to: pass.gradients.pointer(bias)) { rows in
                guard let y = activated else { return }
                let start = rows.lowerBound * output
                ck_relu_gradient(
                    y.pointer + start, gradient.pointer + start, gz.pointer + start, mask?.scale ?? 1,
                    rows.count * output)
            }
            // dW = dzᵀ x, db = Σ dz, dx = dz W.
            MatrixProduct(
                m: output, n: input, k: rows,
                .init(gz, transposed: true), .init(x.value), to: pass.gradients.matrix(weight), accumulating: true,
                precision: precision
            ).compute()
            guard pass.wants(x.place) else { return }
            pass.accumulate(to: x.place) { gx, accumulating in
                MatrixProduct(
                    m: rows, n: input, k: output,
                    .init(gz), w, to: .init(gx), accumulating: accumulating, precision: precision
                ).compute()
            }
        }
    }

    /// sums[c] += Σ_r x[r, c]: partial sums per block of rows, then the blocks in order.
    ///
    /// - Parameter prepare: makes the rows of a block before they are added up.
    static func addColumnSums(
        of x: Tensor, to sums: UnsafeMutablePointer<Float>, preparing prepare: (Range<Int>) -> Void = { _ in }
    ) {
        let columns = x.columns
        let blocks = Chunks(rows: x.rows, columns: columns)
        let partial = Tensor(zeros: [blocks.count, columns])
        Parallel.forEach(blocks.count) { block in
            let rows = blocks[block]
            prepare(rows)
            ck_add_column_sums(
                x.pointer + rows.lowerBound * columns, partial.pointer + block * columns, rows.count, columns)
        }
        ck_add_column_sums(partial.pointer, sums, blocks.count, columns)
    }
}
