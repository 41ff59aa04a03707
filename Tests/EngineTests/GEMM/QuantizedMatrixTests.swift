import Testing

@testable import Engine

@Suite("Products in int8", .serialized, .enabled(if: ParameterForm.hasInt8))
struct QuantizedMatrixTests {
    /// activation(x Wᵀ + bias) by the same arithmetic, one element at a time.
    private static func expected(
        _ x: [Float], _ w: [Float], _ bias: [Float], rows: Int, input: Int, output: Int, _ activation: Activation
    ) -> [Float] {
        let (left, right) = (quantized(x, rows, input), quantized(w, output, input))
        var y: [Float] = []
        for row in 0..<rows {
            for column in 0..<output {
                var sum: Int32 = 0
                for k in 0..<input { sum += left.numbers[row * input + k] * right.numbers[column * input + k] }
                let scale = left.scales[row] * right.scales[column]
                let value = bias[column].addingProduct(Float(sum), scale)
                y.append(activation == .relu && value < 0 ? 0 : value)
            }
        }
        return y
    }

    private static func quantized(_ x: [Float], _ rows: Int, _ columns: Int) -> (numbers: [Int32], scales: [Float]) {
        var numbers: [Int32] = []
        var scales: [Float] = []
        for row in 0..<rows {
            let values = x[row * columns..<(row + 1) * columns]
            let largest = values.reduce(0) { max($0, abs($1)) }
            scales.append(largest < 0x1p-100 ? 0 : largest / 127)
            let inverse = largest < 0x1p-100 ? 0 : 127 / largest
            numbers += values.map { Int32(($0 * inverse).rounded(.toNearestOrEven)) }
        }
        return (numbers, scales)
    }

    private static func random(_ count: Int, _ operation: UInt32) -> [Float] {
        let philox = Philox(seed: 3, step: 0, operation: operation)
        return (0..<count).map { 4 * Philox.uniform(philox.word(at: $0)) - 2 }
    }

    private static func product(
        _ x: [Float], _ w: [Float], _ bias: [Float], rows: Int, input: Int, output: Int, _ activation: Activation
    ) -> [Float] {
        let matrix = QuantizedMatrix(w, output: output, input: input)
        return matrix.linear(Tensor(x, shape: [rows, input]), bias: bias, activation).values
    }

    private func check(rows: Int, input: Int, output: Int, _ activation: Activation = .identity) {
        let (x, w) = (Self.random(rows * input, 0), Self.random(output * input, 1))
        let bias = Self.random(output, 2)
        let y = Self.product(x, w, bias, rows: rows, input: input, output: output, activation)
        let expected = Self.expected(x, w, bias, rows: rows, input: input, output: output, activation)
        #expect(y.map(\.bitPattern) == expected.map(\.bitPattern), "\(rows) x \(output) x \(input)")
    }

    @Test("all heights of tiles, and both sides of their widths")
    func rowsAndColumns() {
        for rows in 1...30 {
            for output in [1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 70] {
                check(rows: rows, input: 21, output: output, rows % 2 == 0 ? .identity : .relu)
            }
        }
    }

    @Test("all depths to twice the numbers of a vector and more")
    func depths() {
        for input in 1...130 { check(rows: 3, input: input, output: 33) }
    }

    @Test(
        "larger than a block, and cut for several threads",
        arguments: [(200, 300, 515), (31, 1030, 100), (1, 2000, 40)])
    func large(rows: Int, input: Int, output: Int) { check(rows: rows, input: input, output: output, .relu) }

    @Test("the result is the same to the bit for any number of threads")
    func threads() {
        let before = Parallel.threads
        defer { Parallel.threads = before }
        let (rows, input, output) = (400, 256, 200)
        let (x, w, bias) = (
            Self.random(rows * input, 0), Self.random(output * input, 1), Self.random(output, 2)
        )
        let results = [1, 2, 3, 8].map { threads in
            Parallel.threads = threads
            return Self.product(x, w, bias, rows: rows, input: input, output: output, .identity).map(\.bitPattern)
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test("a row is the same to the bit with any number of others")
    func rows() {
        let (rows, input, output) = (45, 100, 50)
        let (x, w, bias) = (
            Self.random(rows * input, 0), Self.random(output * input, 1), Self.random(output, 2)
        )
        let all = Self.product(x, w, bias, rows: rows, input: input, output: output, .identity).map(\.bitPattern)
        for count in 1..<rows {
            let part = Array(x[(rows - count) * input..<rows * input])
            let some = Self.product(part, w, bias, rows: count, input: input, output: output, .identity)
            #expect(some.map(\.bitPattern) == Array(all[(rows - count) * output..<rows * output]), "\(count) rows")
        }
    }

    @Test("what is not finite makes its row NaN and no other", arguments: [Float.nan, .infinity, -.infinity])
    func notFinite(value: Float) {
        let (rows, input, output) = (4, 35, 20)
        var x = Self.random(rows * input, 0)
        x[2 * input + 33] = value
        for activation in [Activation.identity, .relu] {
            let y = Self.product(
                x, Self.random(output * input, 1), Self.random(output, 2), rows: rows, input: input, output: output,
                activation)
            #expect(y.indices.allSatisfy { y[$0].isNaN == ($0 / output == 2) })
        }
    }

    @Test("zeros give the bias, and so does what is next to zero", arguments: [Float(0), 0x1p-120, -0x1p-149])
    func zeros(value: Float) {
        let bias = Self.random(40, 2)
        let x = [Float](repeating: value, count: 3 * 50)
        let y = Self.product(x, Self.random(40 * 50, 1), bias, rows: 3, input: 50, output: 40, .identity)
        #expect(y == bias + bias + bias)
        let ones = [Float](repeating: 1, count: 3 * 50)
        let w = [Float](repeating: value, count: 40 * 50)
        #expect(Self.product(ones, w, bias, rows: 3, input: 50, output: 40, .identity) == bias + bias + bias)
    }

    @Test("the largest sums fit 32 bits")
    func largest() {
        let input = QuantizedMatrix.largestInput
        let x = [Float](repeating: 1, count: input)
        for sign in [Float(1), -1] {
            let y = Self.product(
                x, x.map { sign * $0 }, [0], rows: 1, input: input, output: 1, .identity)
            #expect(abs(y[0] - sign * Float(input)) < 1)
        }
    }
}
