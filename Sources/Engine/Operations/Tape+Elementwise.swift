import CKernels

/// The operations of adversarial temporal masking (section 3.3 of the MMER paper) and of what it is compared with.
extension Tape {
    /// σ(x), element by element.
    package func sigmoid(_ x: Variable) -> Variable {
        let y = Tensor(x.value.values.map(Engine.sigmoid), shape: x.value.shape)
        return record(y) { [x = x.place] gradient, pass in
            let gx = Tensor(uninitialized: y.shape)
            for index in 0..<y.count {
                gx.pointer[index] = gradient.pointer[index] * y.pointer[index] * (1 - y.pointer[index])
            }
            pass.add(gx, to: x)
        }
    }

    /// The identity, whose gradient is multiplied by `factor`: −α reverses it (Ganin & Lempitsky 2015; equation 11).
    package func scalingGradient(of x: Variable, by factor: Float) -> Variable {
        record(x.value) { [x = x.place] gradient, pass in
            pass.add(gradient.scaled(by: Double(factor)), to: x)
        }
    }

    /// What stays of each unit when each clip's k = round(ratio · length) units of the highest scores are masked.
    ///
    /// The costs of all clips are divided by the largest of them, a constant in the gradient.
    ///
    /// - Parameters:
    ///   - scores: [rows, 1], in [0, 1]
    ///   - ratio: the share of a clip's units to mask; halves are rounded up.
    /// - Returns: m, [rows, 1]; the m of a clip sum to its length − k.
    package func softTopK(_ scores: Variable, _ segments: Segments, ratio: Float, _ topK: SoftTopK) -> Variable {
        let scale = SoftTopK.costScale(UnsafeBufferPointer(start: scores.value.pointer, count: scores.rows))
        let own = { (clip: Int) in
            UnsafeBufferPointer(
                start: scores.value.pointer + segments[clip].lowerBound, count: segments[clip].count)
        }
        let plans = Parallel.map(segments.count) { clip in
            topK.plan(own(clip), k: Self.maskedUnits(segments[clip].count, ratio), costScale: scale)
        }
        var kept = [Float](repeating: 1, count: scores.rows)
        for (clip, plan) in plans.enumerated() {
            if let plan { kept.replaceSubrange(segments[clip], with: plan.kept) }
        }
        return record(Tensor(kept, shape: scores.value.shape)) { gradient, pass in
            var gs = [Float](repeating: 0, count: scores.rows)
            for (clip, plan) in plans.enumerated() {
                guard let plan else { continue }
                gs.replaceSubrange(
                    segments[clip],
                    with: topK.gradient(own(clip), plan, kept: gradient.pointer + segments[clip].lowerBound))
            }
            pass.add(Tensor(gs, shape: scores.value.shape), to: scores.place)
        }
    }

    /// How many of a clip's units are masked: round-half-up(ratio · length).
    package static func maskedUnits(_ length: Int, _ ratio: Float) -> Int {
        // The ratio as it is written: 0.35 of 10 units is 3.5 and gives 4, though the nearest float lies below.
        Int((Double(ratio.description)! * Double(length) + 0.5).rounded(.down))
    }

    /// Each row of x times its number: m ∘ x (equation 10).
    ///
    /// - Parameters:
    ///   - x: [rows, width]
    ///   - m: [rows, 1]
    package func scalingRows(of x: Variable, by m: Variable) -> Variable {
        let width = x.columns
        precondition(m.value.shape == [x.rows, 1], "factors \(m.value.shape) for rows of \(x.value.shape)")
        func scaled(_ source: Tensor) -> Tensor {
            let target = Tensor(uninitialized: source.shape)
            Cut(rows: source.rows, columns: width).forEach { rows in
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
            if pass.wants(x.place) { pass.add(scaled(gradient), to: x.place) }
            guard pass.wants(m.place) else { return }
            let gm = Tensor(uninitialized: m.value.shape)
            Cut(rows: x.rows, columns: width).forEach { rows in
                for row in rows {
                    gm.pointer[row] = ck_dot(gradient.pointer + row * width, x.value.pointer + row * width, width)
                }
            }
            pass.add(gm, to: m.place)
        }
    }

    /// x + change, where the change is a constant of the shape of x.
    package func adding(_ change: Tensor, to x: Variable) -> Variable {
        var y = change
        y.add(x.value)
        return record(y) { [x = x.place] gradient, pass in pass.add(gradient, to: x) }
    }
}
