@testable import Engine

/// An LSTM of some sizes and its packed input.
struct LSTMCase {
    let segments: Segments
    let values: Parameters
    let x: Tensor
    private let places: [Parameter]

    /// - Parameter value: the elements of each parameter in turn and of the input, by their index.
    init(_ lengths: [Int], input: Int, width: Int, value: (_ tensor: Int, _ element: Int) -> Float) {
        segments = Segments(lengths: lengths)
        var layout = ParameterLayout()
        places = [
            layout.add("weight_ih", [4 * width, input], .zeros),
            layout.add("weight_hh", [4 * width, width], .zeros),
            layout.add("bias", [4 * width], .zeros),
        ]
        var tensor = -1
        values = Parameters(layout: layout) { parameter in
            tensor += 1
            return (0..<parameter.count).map { value(tensor, $0) }
        }
        x = Tensor((0..<segments.rows * input).map { value(3, $0) }, shape: [segments.rows, input])
    }

    func run(_ x: Variable, _ segments: Segments, on tape: Tape) -> Variable {
        tape.lstm(x, segments, inputWeight: places[0], recurrentWeight: places[1], bias: places[2])
    }

    var output: [Float] {
        let tape = Tape(values, recording: false)
        return run(tape.constant(x), segments, on: tape).value.values
    }

    /// The gradients of the input and of each parameter, added to `start`, when that of the output is `seed`.
    func gradients(_ seed: (Int) -> Float, addedTo start: Float = 0) -> [[Float]] {
        let tape = Tape(values, recording: true)
        let variable = tape.input(x)
        let y = run(variable, segments, on: tape)
        let gradients = Gradients(layout: values.layout)
        gradients.start.update(repeating: start, count: gradients.layout.count)
        let seeds = Tensor((0..<y.value.count).map(seed), shape: y.value.shape)
        let pass = tape.backward([(y, seeds)], into: gradients)
        return [pass.gradient(of: variable)!.values] + places.map(gradients.values)
    }
}
