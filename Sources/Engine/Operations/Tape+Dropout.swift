extension Tape {
    /// Zeroes each element with probability `rate` and scales the others by 1 / (1 − rate); the identity when dropout is
    /// off.
    package func dropout(_ x: Variable, rate: Float) -> Variable {
        guard let mask = dropoutMask(rate: rate) else { return x }
        return record(Self.applying(mask, to: x.value)) { [x = x.place] gradient, pass in
            if pass.wants(x) { pass.accumulate(Self.applying(mask, to: gradient), to: x) }
        }
    }

    /// The masked copy of a matrix [rows, columns].
    static func applying(_ mask: DropoutMask, to x: Tensor) -> Tensor {
        let y = Tensor(uninitialized: x.shape)
        let columns = x.columns
        Chunks(rows: x.rows, columns: columns).forEach { rows in
            let start = rows.lowerBound * columns
            mask.apply(x.pointer + start, to: y.pointer + start, rows: rows, columns: 0..<columns, stride: columns)
        }
        return y
    }
}
