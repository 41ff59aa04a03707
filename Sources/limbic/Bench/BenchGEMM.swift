import ArgumentParser
import Emotion
import Engine

extension Bench {
    /// `limbic bench gemm`: the matrix products of a training step, each shape on its own.
    struct GEMM: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "gemm",
            abstract: "Measure the matrix products of a training step.",
            discussion: "For each linear layer: the forward product, and the two of the backward pass."
        )

        @OptionGroup var shape: BenchShape
        @OptionGroup var report: BenchReport
        @OptionGroup var precision: BenchPrecision

        /// C[m, n] = op(A)[m, k]·op(B)[k, n].
        private struct Product {
            let name: String
            let m: Int
            let n: Int
            let k: Int
            let transposeA: Bool
            let transposeB: Bool

            var operations: Double { 2 * Double(m) * Double(n) * Double(k) }

            /// y = x Wᵀ, dW = dyᵀ x and dx = dy W of a layer from `input` to `output` on `rows` rows.
            static func layer(_ name: String, rows: Int, input: Int, output: Int) -> [Product] {
                [
                    Product(
                        name: "\(name) forward",
                        m: rows,
                        n: output,
                        k: input,
                        transposeA: false,
                        transposeB: true
                    ),
                    Product(
                        name: "\(name) weights",
                        m: output,
                        n: input,
                        k: rows,
                        transposeA: true,
                        transposeB: false
                    ),
                    Product(name: "\(name) input", m: rows, n: input, k: output, transposeA: false, transposeB: false),
                ]
            }
        }

        private var batch: Int { shape.batch ?? 16 }

        private var products: [Product] {
            let (d, inner) = (shape.dModel, shape.feedForward)
            let rows = batch * shape.units * shape.features.sizes.count
            return Product.layer("attention in", rows: rows, input: d, output: 3 * d)
                + Product.layer("attention out", rows: rows, input: d, output: d)
                + Product.layer("feed-forward in", rows: rows, input: d, output: inner)
                + Product.layer("feed-forward out", rows: rows, input: inner, output: d)
        }

        func run() throws {
            try Failure.reporting {
                try shape.threads.apply()
                // Refuses shapes that no model has.
                _ = try shape.configuration()
                let steps = shape.steps ?? 20
                let products = self.products
                let timings = products.map { measure($0, steps: steps) }
                let operations = products.reduce(0) { $0 + $1.operations } * Double(steps)
                let total = timings.reduce(0) { $0 + $1.total }
                try report.print(
                    [
                        ("benchmark", .string("gemm")),
                        ("provider", .string(try GEMMBackend.description(of: precision.precision))),
                        ("processor", .string(Processor.current.name)),
                    ]
                        + shape.report(
                            batch: batch, steps: steps, precision: precision.precision.rawValue
                        ) + [
                            ("gflops", .number(operations / total / 1e9)), ProcessMemory.report,
                            ("products", .array(zip(products, timings).map { describe($0, $1) })),
                        ]
                )
            }
        }

        private func measure(_ product: Product, steps: Int) -> Timings {
            let (m, n, k) = (product.m, product.n, product.k)
            var generator = CounterGenerator(shape.seed)
            let a = Tensor(
                (0..<m * k).map { _ in Float(generator.uniform() - 0.5) }, shape: product.transposeA ? [k, m] : [m, k])
            let b = Tensor(
                (0..<k * n).map { _ in Float(generator.uniform() - 0.5) }, shape: product.transposeB ? [n, k] : [k, n])
            let c = Tensor(zeros: [m, n])
            return Timings.measure(steps: steps, warmup: shape.warmup) {
                MatrixProduct(
                    m: m, n: n, k: k,
                    .init(a, transposed: product.transposeA), .init(b, transposed: product.transposeB), to: .init(c),
                    precision: precision.precision
                ).compute()
            }
        }

        private func describe(_ product: Product, _ timings: Timings) -> JSONText {
            let rate = product.operations * Double(timings.seconds.count) / timings.total / 1e9
            return .object([
                ("product", .string(product.name)), ("m", .integer(product.m)), ("n", .integer(product.n)),
                ("k", .integer(product.k)), ("transpose_a", .boolean(product.transposeA)),
                ("transpose_b", .boolean(product.transposeB)), ("gflops", .number(rate)),
                ("p50_ms", .number(timings.milliseconds(0.5))),
            ])
        }
    }
}
