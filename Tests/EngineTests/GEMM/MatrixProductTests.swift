import Testing

@testable import Engine

@Suite("Matrix product", .serialized)
struct MatrixProductTests {
    /// A product with operands, their layout, and what it must give.
    struct Case {
        var m: Int
        var n: Int
        var k: Int
        var transposeA = false
        var transposeB = false
        var accumulates = false
        /// Unused elements at the end of each row.
        var gap = 0

        var strideA: Int { (transposeA ? m : k) + gap }
        var strideB: Int { (transposeB ? k : n) + gap }
        var strideC: Int { n + gap }
        var a: [Float] { values((transposeA ? k : m) * strideA, 0) }
        var b: [Float] { values((transposeB ? n : k) * strideB, 1) }
        var c: [Float] { values(m * strideC, 2) }

        private func values(_ count: Int, _ operation: UInt32) -> [Float] {
            let philox = Philox(seed: 1, step: 0, operation: operation)
            return (0..<count).map { 2 * Philox.uniform(philox.word(at: $0)) - 1 }
        }

        func run(_ backend: GEMMBackend, on c: inout [Float]) {
            let (a, b, result) = (Tensor(a, shape: [a.count]), Tensor(b, shape: [b.count]), Tensor(c, shape: [c.count]))
            MatrixProduct(
                m: m, n: n, k: k, .init(a.storage, stride: strideA, transposed: transposeA),
                .init(b.storage, stride: strideB, transposed: transposeB), to: .init(result.storage, stride: strideC),
                accumulating: accumulates
            ).compute(with: backend, epilogue: nil)
            c = result.values
        }

        /// The product in Double of factors in a precision; elements between the rows stay.
        func expected(_ c: [Float], _ precision: Precision = .float32) -> [Float] {
            let (a, b) = (a.map(precision.rounded), b.map(precision.rounded))
            var result = c
            for i in 0..<m {
                for j in 0..<n {
                    var sum = accumulates ? Double(c[i * strideC + j]) : 0
                    for l in 0..<k {
                        let left = transposeA ? a[l * strideA + i] : a[i * strideA + l]
                        let right = transposeB ? b[j * strideB + l] : b[l * strideB + j]
                        sum += Double(left) * Double(right)
                    }
                    result[i * strideC + j] = Float(sum)
                }
            }
            return result
        }
    }

    static let levels = InstructionSet.supported(by: .current)
    static let backends =
        levels.map(GEMMBackend.builtIn) + [.openBLAS]
        + Precision.allCases.filter { OneDNN.library?.has($0) ?? false }.map(GEMMBackend.oneDNN)

    /// By every backend of every precision.
    private func check(_ product: Case) {
        let before = product.c
        let tolerance = 1e-6 * Float(max(1, product.k))
        for precision in Precision.allCases {
            let expected = product.expected(before, precision)
            for backend in Self.backends where backend.precision == precision {
                var c = before
                product.run(backend, on: &c)
                let isClose = zip(c, expected).allSatisfy { abs($0 - $1) <= tolerance }
                #expect(isClose, "\(product), \(backend)")
            }
        }
    }

    @Test("small shapes and all layouts")
    func small() {
        let sizes = [0, 1, 2, 5, 17]
        for m in sizes {
            for n in sizes {
                for k in sizes {
                    for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
                        for (accumulates, gap) in [(false, 0), (true, 3)] {
                            let product = Case(
                                m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB,
                                accumulates: accumulates, gap: gap)
                            check(product)
                        }
                    }
                }
            }
        }
    }

    /// Larger than a tile, a block and a depth of the engine's kernels, in each direction.
    static let divided = [
        Case(m: 200, n: 130, k: 120, gap: 2),
        Case(m: 98, n: 300, k: 90, transposeA: true),
        Case(m: 37, n: 515, k: 130, transposeB: true, accumulates: true),
        Case(m: 205, n: 259, k: 65, transposeA: true, transposeB: true, accumulates: true, gap: 1),
        Case(m: 45, n: 49, k: 1030, transposeA: true, accumulates: true),
        Case(m: 245, n: 19, k: 513, transposeB: true),
        // Several depths of packed A, and a transposed A too wide to be read where it lies.
        Case(m: 31, n: 300, k: 600, transposeB: true),
        Case(m: 600, n: 20, k: 300, transposeA: true, accumulates: true),
    ]

    @Test("products that are cut into tiles", arguments: divided)
    func tiled(product: Case) { check(product) }

    /// Cut into other tiles by every number of threads, which A is packed for, or not.
    private static let wide = Case(m: 24, n: 2048, k: 600)

    @Test("the result is the same to the bit for any number of threads", arguments: backends, divided + [wide])
    func threads(backend: GEMMBackend, product: Case) {
        let before = Parallel.threads
        defer { Parallel.threads = before }
        let results = [1, 2, 3, 8].map { threads in
            Parallel.threads = threads
            var c = product.c
            product.run(backend, on: &c)
            return c.map(\.bitPattern)
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test(
        "a row of the result is the same to the bit with any number of others",
        arguments: levels, [false, true])
    func rows(level: InstructionSet, accumulates: Bool) {
        let n = 300
        let whole = Case(m: 211, n: n, k: 300, transposeB: true, accumulates: accumulates)
        var all = whole.c
        whole.run(.builtIn(level), on: &all)
        for m in Array(1...16) + [28, 30, 100] {
            let part = Case(m: m, n: n, k: 300, transposeB: true, accumulates: accumulates)
            var some = part.c
            part.run(.builtIn(level), on: &some)
            #expect(some.map(\.bitPattern) == all.prefix(m * n).map(\.bitPattern), "\(m) rows")
        }
    }

    @Test(
        "an operand packed before gives the same bits", arguments: Precision.allCases.filter(GEMMBackend.has),
        [1, 6, 50])
    func packed(precision: Precision, m: Int) {
        let (n, k) = (45, 1045)
        let product = Case(m: m, n: n, k: k, transposeB: true)
        let (a, b) = (Tensor(product.a, shape: [m, k]), Tensor(product.b, shape: [n, k]))
        let plain = MatrixProduct.Operand(b, transposed: true)
        let results = [plain, plain.packed(k: k, n: n, precision: precision)].map { operand in
            let c = Tensor(uninitialized: [m, n])
            MatrixProduct(
                m: m, n: n, k: k, .init(a), operand, to: .init(c), precision: precision
            ).compute()
            return c.values.map(\.bitPattern)
        }
        #expect(results[0] == results[1])
    }

    @Test("bfloat16 rounds to the nearest, halves to even, and keeps what is not a number")
    func rounding() {
        for backend in Self.backends where backend.precision == .bfloat16 {
            func product(_ x: Float, _ y: Float) -> Float {
                let (a, b, c) = (Tensor([x], shape: [1]), Tensor([y], shape: [1]), Tensor(uninitialized: [1]))
                MatrixProduct(m: 1, n: 1, k: 1, .init(a), .init(b), to: .init(c))
                    .compute(with: backend, epilogue: nil)
                return c.values[0]
            }
            let cases: [(Float, Float)] = [
                (1, 1), (0x1.01p0, 1), (0x1.03p0, 0x1.04p0), (0x1.0102p0, 0x1.02p0), (-0x1.ffp20, -0x1p21),
                (.infinity, .infinity),
            ]
            for (x, rounded) in cases {
                #expect(product(x, 1) == rounded)
                #expect(product(1, x) == rounded)
            }
            #expect(product(.nan, 1).isNaN && product(1, .nan).isNaN)
        }
    }

    @Test("C is not read where nothing is added", arguments: backends, [(3, 4, 5), (3, 4, 0), (200, 130, 120)])
    func overwrites(backend: GEMMBackend, shape: (m: Int, n: Int, k: Int)) {
        let product = Case(m: shape.m, n: shape.n, k: shape.k)
        var c = [Float](repeating: .nan, count: shape.m * shape.n)
        product.run(backend, on: &c)
        #expect(c.allSatisfy { $0.isFinite })
    }

    @Test("operands keep their memory, and the product is right when nobody else does")
    func ownership() {
        var product: MatrixProduct?
        let c = Tensor(uninitialized: [200, 300])
        do {
            let (a, b) = (
                Tensor([Float](repeating: 2, count: 200 * 40), shape: [200, 40]),
                Tensor([Float](repeating: 3, count: 40 * 300), shape: [40, 300])
            )
            product = MatrixProduct(m: 200, n: 300, k: 40, .init(a), .init(b), to: .init(c))
        }
        // Would be what the next buffers of these sizes are.
        _ = (Tensor(zeros: [200, 40]), Tensor(zeros: [40, 300]))
        product?.compute()
        #expect(c.values.allSatisfy { $0 == 240 })
    }

    @Test("a backend is chosen by name, else by the processor")
    func choice() throws {
        func choose(
            _ name: String?, _ levels: InstructionSet..., hasAMX: Bool = false, oneDNN: [Precision] = []
        ) throws -> GEMMBackend.Choice {
            try GEMMBackend.choose(name, levels, hasAMX: hasAMX, oneDNN: oneDNN.contains).get()
        }
        let openBLAS = GEMMBackend.Choice(float32: .openBLAS, bfloat16: nil)
        #expect(try choose(nil, .narrow, .avx2) == .init(float32: .builtIn(.avx2), bfloat16: nil))
        #expect(
            try choose(nil, .narrow, .avx2, .avx512, .avx512BF16)
                == .init(float32: .builtIn(.avx512), bfloat16: .builtIn(.avx512BF16)))
        #expect(try choose(nil, .narrow) == openBLAS)
        #expect(try choose("limbic", .narrow) == .init(float32: .builtIn(.narrow), bfloat16: nil))
        #expect(try choose("openblas", .narrow, .avx2, .avx512, .avx512BF16) == openBLAS)
        // Tiles are for oneDNN, if it has them; vectors are not.
        let both = Precision.allCases
        #expect(
            try choose(nil, .avx2, .avx512, .avx512BF16, hasAMX: true, oneDNN: both)
                == .init(float32: .builtIn(.avx512), bfloat16: .oneDNN(.bfloat16)))
        let own = GEMMBackend.Choice(float32: .builtIn(.avx512), bfloat16: .builtIn(.avx512BF16))
        #expect(try choose(nil, .avx2, .avx512, .avx512BF16, oneDNN: both) == own)
        #expect(try choose(nil, .avx2, .avx512, .avx512BF16, hasAMX: true, oneDNN: [.float32]) == own)
        #expect(try choose("limbic", .avx2, .avx512, .avx512BF16, hasAMX: true, oneDNN: both) == own)
        #expect(
            try choose("onednn", .narrow, oneDNN: both)
                == .init(float32: .oneDNN(.float32), bfloat16: .oneDNN(.bfloat16)))
        #expect(throws: GEMMBackendError.self) { try choose("onednn", .avx2) }
        #expect(throws: GEMMBackendError.self) { try choose("mkl", .narrow) }
    }
}

extension Precision {
    /// To the nearest number of the precision, halves to even.
    fileprivate func rounded(_ x: Float) -> Float {
        guard self == .bfloat16, x.isFinite else { return x }
        let bits = x.bitPattern
        return Float(bitPattern: (bits + 0x7FFF + (bits >> 16) & 1) & 0xFFFF_0000)
    }
}
