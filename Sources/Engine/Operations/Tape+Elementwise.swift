import CKernels

/// Operations on single elements and rows.
extension Tape {
    /// σ(x), element by element.
    package func sigmoid(_ x: Variable) -> Variable {
        let y = Tensor(x.value.values.map(Engine.sigmoid), shape: x.value.shape)
        return record(y) { [x = x.place] gradient, pass in
            let gx = Tensor(uninitialized: y.shape)
            for index in 0..<y.count {
                gx.pointer[index] = gradient.pointer[index] * y.pointer[index] * (1 - y.pointer[index])
            }
            pass.accumulate(gx, to: x)
        }
    }

    /// Each row of x times its number: m ∘ x.
    ///
    /// - Parameters:
    ///   - x: [rows, width]
    ///   - m: [rows, 1]
    package func scaleRows(of x: Variable, by m: Variable) -> Variable {
        let width = x.columns
        precondition(m.value.shape == [x.rows, 1], "factors \(m.value.shape) for rows of \(x.value.shape)")
        func scaled(_ source: Tensor) -> Tensor {
            let target = Tensor(uninitialized: source.shape)
            Chunks(rows: source.rows, columns: width).forEach { rows in
                for row in rows {
                    let factor = m.value.pointer[row]
                    for column in row * width..<(row + 1) * width {
                        target.pointer[column] = factor * source.pointer[column]
                    }
                }
            }
            return target
        }
        return record(scaled(x.value)) { gradient, pass in
            if pass.wants(x.place) { pass.accumulate(scaled(gradient), to: x.place) }
            guard pass.wants(m.place) else { return }
            let gm = Tensor(uninitialized: m.value.shape)
            Chunks(rows: x.rows, columns: width).forEach { rows in
                for row in rows {
                    gm.pointer[row] = ck_dot(gradient.pointer + row * width, x.value.pointer + row * width, width)
                }
            }
            pass.accumulate(gm, to: m.place)
        }
    }

    /// x + change, where the change is a constant of the shape of x.
    package func addConstant(_ change: Tensor, to x: Variable) -> Variable {
        var y = change
        y.add(x.value)
        return record(y) { [x = x.place] gradient, pass in pass.accumulate(gradient, to: x) }
    }
}
