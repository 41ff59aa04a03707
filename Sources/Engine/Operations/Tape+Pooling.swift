import CKernels

extension Tape {
    /// The rows of each clip of several packed matrices, one matrix after another within the clip: concatenation along
    /// time.
    ///
    /// - Parameter parts: matrices of the same width, each with its segments; all have the same number of clips.
    /// - Returns: [Σ rows of all parts, width] and how its rows belong to clips.
    package func concatenate(_ parts: [(Variable, Segments)]) -> (Variable, Segments) {
        let clips = parts[0].1.count
        let width = parts[0].0.columns
        precondition(parts.allSatisfy { $0.1.count == clips && $0.0.columns == width }, "parts of different shapes")
        let segments = Segments(lengths: (0..<clips).map { clip in parts.reduce(0) { $0 + $1.1[clip].count } })
        let y = Tensor(uninitialized: [segments.rows, width])
        Self.forEachPart(parts.map(\.1), in: segments) { part, from, to, rows in
            (y.pointer + to * width).update(from: parts[part].0.value.pointer + from * width, count: rows * width)
        }
        let (places, own) = (parts.map(\.0.place), parts.map(\.1))
        let result = record(y) { gradient, pass in
            let gradients = places.map { Tensor(uninitialized: $0.shape) }
            Self.forEachPart(own, in: segments) { part, from, to, rows in
                (gradients[part].pointer + from * width).update(
                    from: gradient.pointer + to * width, count: rows * width)
            }
            for (place, gradient) in zip(places, gradients) { pass.accumulate(gradient, to: place) }
        }
        return (result, segments)
    }

    /// Calls `body(part, first row in the part, first row in the whole, rows)` for each clip's piece of each part.
    private static func forEachPart(_ parts: [Segments], in whole: Segments, _ body: (Int, Int, Int, Int) -> Void) {
        for clip in 0..<whole.count {
            var row = whole[clip].lowerBound
            for (index, part) in parts.enumerated() {
                body(index, part[clip].lowerBound, row, part[clip].count)
                row += part[clip].count
            }
        }
    }

    /// The embedding table of `queries` [K, width], once for each of `clips` clips.
    ///
    /// - Returns: [clips K, width]
    package func expand(_ queries: Parameter, clips: Int) -> Variable {
        let count = queries.count
        let y = Tensor(uninitialized: [clips * queries.shape[0], queries.shape[1]])
        for clip in 0..<clips { (y.pointer + clip * count).update(from: parameters.pointer(queries), count: count) }
        return record(y) { gradient, pass in
            ck_add_column_sums(gradient.pointer, pass.gradients.pointer(queries), clips, count)
        }
    }

    /// The mean of each clip's rows; zeros for a clip without any.
    ///
    /// - Returns: [clips, width]
    package func meanPool(_ x: Variable, _ segments: Segments) -> Variable {
        let width = x.columns
        let y = Tensor(zeros: [segments.count, width])
        for clip in 0..<segments.count {
            for row in segments[clip] {
                ck_axpy(
                    1 / Float(segments[clip].count), x.value.pointer + row * width, y.pointer + clip * width, width)
            }
        }
        return record(y) { [x = x.place] gradient, pass in
            let gx = Tensor(zeros: x.shape)
            for clip in 0..<segments.count {
                for row in segments[clip] {
                    ck_axpy(
                        1 / Float(segments[clip].count), gradient.pointer + clip * width, gx.pointer + row * width,
                        width)
                }
            }
            pass.accumulate(gx, to: x)
        }
    }

    /// Scores each label's row with that label's weight vector: z[b, k] = w_k · x[b K + k] + b_k.
    ///
    /// - Parameters:
    ///   - x: [B K, width], the rows of a clip one after another.
    ///   - weight: [K, width]; [1, width] when all labels share one vector.
    ///   - bias: [K]; [1] when shared.
    /// - Returns: [B, K]
    package func perLabelLinear(_ x: Variable, labels: Int, weight: Parameter, bias: Parameter) -> Variable {
        let width = x.columns
        let vectors = weight.shape[0]
        precondition(weight.shape == [vectors, width] && (vectors == labels || vectors == 1), "\(weight.shape)")
        let (w, b) = (parameters.pointer(weight), parameters.pointer(bias))
        let z = Tensor(uninitialized: [x.rows / labels, labels])
        for row in 0..<x.rows {
            let vector = row % labels % vectors
            z.pointer[row] = ck_dot(w + vector * width, x.value.pointer + row * width, width) + b[vector]
        }
        return record(z) { gradient, pass in
            let (gw, gb) = (pass.gradients.pointer(weight), pass.gradients.pointer(bias))
            let gx = Tensor(zeros: x.value.shape)
            for row in 0..<x.rows {
                let vector = row % labels % vectors
                let g = gradient.pointer[row]
                gb[vector] += g
                ck_axpy(g, x.value.pointer + row * width, gw + vector * width, width)
                ck_axpy(g, w + vector * width, gx.pointer + row * width, width)
            }
            pass.accumulate(gx, to: x.place)
        }
    }
}
