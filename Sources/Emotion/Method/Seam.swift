import Engine

/// A tape of a training step and the gradients that are pending at its end.
///
/// Passes meet at seams: later tapes go on from units of this one, which are inputs to them, and run backward on their own
/// as soon as their loss is known. What they give for those units is kept here, until ``flush(into:keepingRecord:)`` sends
/// all of it through this tape at once, and on to the seam before.
final class Seam {
    let tape: Tape
    /// The units that this tape goes on from, as its inputs; none on the first tape of a step.
    let inputs: [Units]
    private let previous: (seam: Seam, units: [Units])?
    private var pending: [(Variable, Tensor)] = []

    /// A tape that begins a step.
    init(_ tape: Tape) {
        (self.tape, inputs, previous) = (tape, [], nil)
    }

    /// A tape that goes on from `units` of another.
    init(_ tape: Tape, from units: [Units], of previous: Seam) {
        (self.tape, inputs, self.previous) = (tape, units.inputs(of: tape), (previous, units))
    }

    /// Keeps the gradients that a later tape found for `units` of this one; nil for those that its loss does not depend on.
    func accumulate(_ gradients: [Tensor?], for units: [Units]) {
        for (units, gradient) in zip(units, gradients) {
            if let gradient { pending.append((units.rows, gradient)) }
        }
    }

    /// Runs the tape backward from all that is pending.
    ///
    /// - Parameters:
    ///   - gradients: of the parameters, to which is added.
    ///   - keepingRecord: whether more will be pending later.
    func flush(into gradients: Gradients, keepingRecord: Bool = false) {
        let pass = tape.backward(pending, into: gradients, keepingRecord: keepingRecord)
        pending = []
        previous?.seam.accumulate(inputs.gradients(from: pass), for: previous?.units ?? [])
    }
}
