/// The gradients accumulated while a tape runs backward.
package final class Backpropagation {
    /// Of the parameters.
    package let gradients: Gradients
    private var bySlot: [Tensor?]

    init(gradients: Gradients, slots: Int) {
        self.gradients = gradients
        bySlot = Array(repeating: nil, count: slots)
    }

    /// Whether anything upstream wants the gradient of the variable at `place`.
    package func wants(_ place: Variable.Place) -> Bool { place.slot != nil }

    /// Accumulates a gradient at `place`.
    package func accumulate(_ gradient: Tensor, to place: Variable.Place) {
        guard let slot = place.slot else { return }
        precondition(gradient.shape == place.shape, "gradient \(gradient.shape) of \(place.shape)")
        if bySlot[slot] == nil {
            bySlot[slot] = gradient
        } else {
            bySlot[slot]!.add(gradient)
        }
    }

    /// Accumulates a gradient that `compute` writes, or adds to what is there when it is told `accumulating`.
    func accumulate(to place: Variable.Place, _ compute: (_ gradient: Tensor, _ accumulating: Bool) -> Void) {
        guard let slot = place.slot else { return }
        guard var accumulated = bySlot[slot].take() else {
            let gradient = Tensor(uninitialized: place.shape)
            compute(gradient, false)
            bySlot[slot] = gradient
            return
        }
        accumulated.makeUnique()
        compute(accumulated, true)
        bySlot[slot] = accumulated
    }

    /// Hands the gradient of an operation's output to its backward part.
    func run(_ backward: Tape.Backward, at slot: Int) {
        if let gradient = bySlot[slot].take() { backward(gradient, self) }
    }

    /// The gradient of an input of the tape; nil when the seeds do not depend on it.
    package func gradient(of variable: Variable) -> Tensor? { variable.place.slot.flatMap { bySlot[$0] } }
}
