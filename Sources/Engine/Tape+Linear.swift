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
        let w = parameters.pointer(weight)
        let b = parameters.pointer(bias)
        let y = Tensor(uninitialized: [rows, output])
        MatrixProduct(
            m: rows, n: output, k: input,
            .init(x.value.pointer, stride: input),
            parameters.transposed(weight),
            to: y.pointer, stride: output, precision: parameters.precision
        ).compute()

        let mask = activation == .relu ? dropoutMask(rate: rate) : nil
        RowBlocks(rows: rows, columns: output).forEach { block in
            let start = block.lowerBound * output
            switch activation {
            case .identity: ck_add_bias(y.pointer + start, b, block.count, output)
            case .relu: ck_add_bias_relu(y.pointer + start, b, block.count, output)
            }
            mask?.apply(
                y.pointer + start,
                to: y.pointer + start,
                count: block.count * output,
                firstTile: DropoutMask.tiles(start)
            )
        }

        let activated = activation == .relu ? y : nil
        let precision = parameters.precision
        return record(y) { gradient, pass in
            var gz = gradient
            if let y = activated {
                gz = Tensor(uninitialized: [rows, output])
                Elementwise.forEachChunk(gz.count) { range in
                    let start = range.lowerBound
                    ck_relu_gradient(
                        y.pointer + start, gradient.pointer + start, gz.pointer + start, mask?.scale ?? 1, range.count)
                }
            }
            // dW = dzᵀ x, db = Σ dz, dx = dz W.
            MatrixProduct(
                m: output, n: input, k: rows,
                .init(gz.pointer, stride: output, transposed: true),
                .init(x.value.pointer, stride: input),
                to: pass.gradients.pointer(weight), stride: input, adding: true, precision: precision
            ).compute()
            Self.addColumnSums(of: gz, to: pass.gradients.pointer(bias))
            guard pass.wants(x.place) else { return }
            let gx = Tensor(uninitialized: [rows, input])
            MatrixProduct(
                m: rows, n: input, k: output,
                .init(gz.pointer, stride: output),
                .init(w, stride: input),
                to: gx.pointer, stride: input, precision: precision
            ).compute()
            pass.add(gx, to: x.place)
        }
    }

    /// sums[c] += Σ_r x[r, c]: partial sums per block of rows, then the blocks in order.
    static func addColumnSums(of x: Tensor, to sums: UnsafeMutablePointer<Float>) {
        let columns = x.columns
        let blocks = RowBlocks(rows: x.rows, columns: columns)
        let partial = Tensor(zeros: [blocks.count, columns])
        Parallel.forEach(blocks.count) { block in
            let rows = blocks[block]
            ck_add_column_sums(
                x.pointer + rows.lowerBound * columns, partial.pointer + block * columns, rows.count, columns)
        }
        ck_add_column_sums(partial.pointer, sums, blocks.count, columns)
    }
}
