import Engine

/// The matrix products of repetitions that are all alike: how much they compute, and at what share of the rate that the
/// machine reaches in products and nothing else.
struct BenchProducts {
    private let precision: Precision
    private let form: ParameterForm
    private let before = MatrixProduct.operationsSoFar
    private let peak: Double

    /// - Parameters:
    ///   - precision: of products outside of int8.
    ///   - form: of the parameters.
    init(_ precision: Precision, _ form: ParameterForm) {
        (self.precision, self.form) = (precision, form)
        peak = Self.peak(precision, form)
    }

    /// Members of a report.
    ///
    /// - Parameter warmup: repetitions that came before those of `timings`.
    func report(_ timings: Timings, warmup: Int) throws -> [(String, JSONText)] {
        let computed = Double(MatrixProduct.operationsSoFar - before - Self.peakOperations)
        let operations = computed / Double(timings.seconds.count + warmup)
        let rate = operations * Double(timings.seconds.count) / timings.total
        // Other work on the machine may come and go: the better of two.
        let peak = max(peak, Self.peak(precision, form))
        return [
            ("provider", .string(try provider)),
            ("gflop_per_step", .number(operations / 1e9)),
            ("gflops", .number(rate / 1e9)), ("gemm_peak_gflops", .number(peak / 1e9)),
            ("share_of_gemm_peak", .number(rate / peak)),
        ]
    }

    private var provider: String {
        get throws {
            form == .int8 ? "Limbic's kernels for AVX512-VNNI" : try GEMMBackend.description(of: precision)
        }
    }

    private static let (rows, width, times) = (2304, 512, 40)

    private static var peakOperations: Int { 2 * rows * width * width * times }

    /// The operations per second of a linear layer of the paper's width, at its best over several tries.
    private static func peak(_ precision: Precision, _ form: ParameterForm) -> Double {
        var layout = ParameterLayout()
        let layer = Linear(&layout, "layer", input: width, output: width)
        let tape = Tape(Parameters(layout: layout, seed: 0, precision: precision, form: form), recording: false)
        let x = tape.constant(Tensor(zeros: [rows, width]))
        let timings = Timings.measure(steps: times, warmup: 0) { _ = layer(x, on: tape) }
        return Double(peakOperations / times) / (timings.milliseconds(0.1) / 1000)
    }
}
