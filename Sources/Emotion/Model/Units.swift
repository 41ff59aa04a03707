package import Engine

/// The temporal units of one modality of a batch on a tape: a row each, clip after clip.
package struct Units: Sendable {
    package let rows: Variable
    package let segments: Segments

    /// Other rows for the same units.
    func with(_ rows: Variable) -> Units { Units(rows: rows, segments: segments) }
}

extension [Units] {
    /// The same values as inputs of another tape, whose gradients can be asked for.
    func inputs(of tape: Tape) -> [Units] { map { $0.with(tape.input($0.rows.value)) } }

    /// The gradient of each of these inputs; nil where the seeds do not depend on it.
    func gradients(from pass: Backpropagation) -> [Tensor?] { map { pass.gradient(of: $0.rows) } }
}
