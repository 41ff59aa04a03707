package import Engine
package import Testing

/// Compares the backward part of an operation with central differences of its forward part.
///
/// The scalar that is differentiated is Σ w ∘ output with fixed random w. Elements are of size one, the step is 2⁻⁷ and
/// float32 rounding makes differences uncertain by about 10⁻⁴, so gradients must agree within `tolerance` times the
/// largest gradient (at least 1).
package struct FiniteDifferences {
    /// Shapes of the inputs whose gradient is checked.
    package var inputs: [[Int]]
    /// Shapes of the parameters whose gradient is checked.
    package var parameters: [[Int]]
    package var randomness: Tape.Randomness?
    package var tolerance: Float
    /// Changes the random values before the check, to keep away from the kinks of an operation.
    package var adjust: (Float) -> Float = { $0 }

    package init(
        inputs: [[Int]] = [], parameters: [[Int]] = [], randomness: Tape.Randomness? = nil, tolerance: Float = 3e-3
    ) {
        (self.inputs, self.parameters) = (inputs, parameters)
        (self.randomness, self.tolerance) = (randomness, tolerance)
    }

    package typealias Operation = (Tape, [Variable], [Parameter]) -> Variable

    package func check(_ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ operation: Operation) {
        var layout = ParameterLayout()
        let places = parameters.enumerated().map { layout.add("p\($0.offset)", $0.element, .zeros) }
        var generator = PhiloxGenerator(seed: 7, step: 0, operation: 0)
        var draw: () -> Float = { adjust(2 * Philox.uniform(UInt32(truncatingIfNeeded: generator.next())) - 1) }
        let values = Parameters(layout: layout) { parameter in (0..<parameter.count).map { _ in draw() } }
        let tensors = inputs.map { shape in Tensor((0..<shape.reduce(1, *)).map { _ in draw() }, shape: shape) }

        let tape = Tape(values, recording: true, randomness: randomness)
        let variables = tensors.map(tape.input)
        let output = operation(tape, variables, places)
        draw = { 2 * Philox.uniform(UInt32(truncatingIfNeeded: generator.next())) - 1 }
        let weights = (0..<output.value.count).map { _ in draw() }
        let gradients = Gradients(layout: layout)
        let pass = tape.backward([(output, Tensor(weights, shape: output.value.shape))], into: gradients)

        /// Σ w ∘ output with the current values.
        let evaluate = { () -> Double in
            let tape = Tape(values, recording: false, randomness: randomness)
            let output = operation(tape, tensors.map(tape.constant), places)
            return zip(output.value.values, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        for (index, tensor) in tensors.enumerated() {
            let analytic = pass.gradient(of: variables[index])?.values ?? Array(repeating: 0, count: tensor.count)
            compare(analytic, tensor.pointer, evaluate, "\(what): input \(index)", sourceLocation)
        }
        for (index, place) in places.enumerated() {
            compare(
                gradients.values(place), values.pointer(place), evaluate, "\(what): parameter \(index)", sourceLocation)
        }
    }

    private func compare(
        _ analytic: [Float],
        _ values: UnsafeMutablePointer<Float>,
        _ evaluate: () -> Double,
        _ what: String,
        _ sourceLocation: SourceLocation
    ) {
        let step: Float = 0x1p-7
        let largest = max(1, analytic.map(abs).max() ?? 0)
        for element in analytic.indices {
            let value = values[element]
            values[element] = value + step
            let above = evaluate()
            values[element] = value - step
            let below = evaluate()
            values[element] = value
            let numeric = Float((above - below) / Double(2 * step))
            let isClose = abs(numeric - analytic[element]) <= tolerance * largest
            if !isClose {
                Issue.record(
                    "\(what)[\(element)]: \(analytic[element]), by differences \(numeric)",
                    sourceLocation: sourceLocation)
                return
            }
        }
    }
}
