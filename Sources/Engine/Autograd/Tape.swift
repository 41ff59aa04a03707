/// A tensor on a tape.
package struct Variable: Sendable {
    package let value: Tensor
    package let place: Place

    /// Where a tape accumulates the gradient of a variable. It outlives the value: a backward part that does not need the
    /// value keeps only this.
    package struct Place: Sendable, Equatable {
        package let shape: [Int]
        /// Nil when nothing differentiable led to the variable.
        let slot: Int?
    }

    init(value: Tensor, slot: Int?) {
        self.value = value
        place = Place(shape: value.shape, slot: slot)
    }

    package var rows: Int { value.rows }
    package var columns: Int { value.columns }
}

/// Records coarse differentiable operations and runs them backward.
///
/// Every operation has a hand-written forward and backward part. On a tape that does not record, the same operations
/// only compute: nothing is kept for a backward pass, and intermediate results go back to the pool as soon as they
/// have been used. A tape that records belongs to one thread; operations split their own work over several.
package final class Tape {
    /// Accumulates the gradients of an operation's inputs, given that of its output.
    package typealias Backward = (_ gradient: Tensor, _ pass: Backpropagation) -> Void

    package let parameters: Parameters
    package let isRecording: Bool
    private let randomness: Randomness?
    /// Random operations so far, counted from the first tape of the step.
    package private(set) var randomOperations: UInt32
    private var nodes: [(slot: Int, backward: Backward)] = []
    private var slots = 0

    /// Where a training step draws its dropout masks from.
    package struct Randomness: Sendable {
        package let seed: UInt64
        package let step: UInt32

        package init(seed: UInt64, step: UInt32) {
            self.seed = seed
            self.step = step
        }
    }

    /// - Parameters:
    ///   - randomness: draws dropout masks; nil switches dropout off.
    ///   - randomOperations: those of the tapes before this one in the step. Two tapes that begin at the same number draw
    ///     the same masks.
    package init(
        _ parameters: Parameters,
        recording: Bool,
        randomness: Randomness? = nil,
        after randomOperations: UInt32 = 0
    ) {
        precondition(
            parameters.form == .plain || !recording && randomness == nil, "packed weights would not follow a training")
        self.parameters = parameters
        isRecording = recording
        self.randomness = randomness
        self.randomOperations = randomOperations
    }

    /// Whether operations leave the tape as it is: then several threads may use it at a time.
    package var onlyComputes: Bool { !isRecording && randomness == nil }

    /// An input without gradient.
    package func constant(_ value: Tensor) -> Variable { Variable(value: value, slot: nil) }

    /// An input whose gradient is asked for.
    package func input(_ value: Tensor) -> Variable {
        slots += 1
        return Variable(value: value, slot: slots - 1)
    }

    /// Puts the result of an operation on the tape. `backward` is kept only while recording.
    package func record(_ value: Tensor, backward: @escaping Backward) -> Variable {
        guard isRecording else { return constant(value) }
        let variable = input(value)
        nodes.append((slots - 1, backward))
        return variable
    }

    /// The mask of the next dropout operation: a function of seed, step and the operation's place in the pass.
    /// Nil when dropout is off.
    func dropoutMask(rate: Float) -> DropoutMask? {
        guard let randomness, rate > 0 else { return nil }
        randomOperations += 1
        return DropoutMask(rate: rate, randomness: randomness, operation: randomOperations)
    }

    /// Runs the tape backward from `seeds` and accumulates the gradients of parameters in `gradients`.
    ///
    /// - Parameter keepingRecord: whether the tape can run backward once more. If not, it is emptied on the way, and what
    ///   an operation kept for its backward part goes back to the pool at once.
    /// - Returns: the gradients of the inputs, for ``Backpropagation/gradient(of:)``.
    @discardableResult
    package func backward(
        _ seeds: [(Variable, Tensor)],
        into gradients: Gradients,
        keepingRecord: Bool = false
    ) -> Backpropagation {
        precondition(isRecording, "a tape that does not record cannot run backward")
        let pass = Backpropagation(gradients: gradients, slots: slots)
        for (variable, gradient) in seeds { pass.accumulate(gradient, to: variable.place) }
        if keepingRecord {
            for node in nodes.reversed() { pass.run(node.backward, at: node.slot) }
        } else {
            while let node = nodes.popLast() { pass.run(node.backward, at: node.slot) }
        }
        return pass
    }
}
