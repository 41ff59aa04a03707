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
        var adds = false
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

        func run(_ provider: MatrixProvider, isParallel: Bool, on c: inout [Float]) {
            let (a, b) = (Tensor(a, shape: [a.count]), Tensor(b, shape: [b.count]))
            c.withUnsafeMutableBufferPointer { c in
                // An empty array may have no address.
                let (address, spare) = (c.baseAddress, Tensor(uninitialized: [1]))
                MatrixProduct(
                    m: m, n: n, k: k, .init(a.pointer, stride: strideA, transposed: transposeA),
                    .init(b.pointer, stride: strideB, transposed: transposeB), to: address ?? spare.pointer,
                    stride: strideC, adding: adds
                ).compute(with: provider, isParallel: isParallel)
            }
        }

        /// The product in Double; elements between the rows stay.
        func expected(_ c: [Float]) -> [Float] {
            let (a, b) = (a, b)
            var result = c
            for i in 0..<m {
                for j in 0..<n {
                    var sum = adds ? Double(c[i * strideC + j]) : 0
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

    static let providers =
        KernelLevel.supported(by: .current).map(MatrixProvider.builtIn) + [MatrixProvider.openBLAS]

    /// By every provider, on one thread and on several.
    private func check(_ product: Case) {
        let before = product.c
        let expected = product.expected(before)
        let tolerance = 1e-6 * Float(max(1, product.k))
        for provider in Self.providers {
            for isParallel in [false, true] {
                var c = before
                product.run(provider, isParallel: isParallel, on: &c)
                let isClose = zip(c, expected).allSatisfy { abs($0 - $1) <= tolerance }
                #expect(isClose, "\(product), \(provider), parallel: \(isParallel)")
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
                        for (adds, gap) in [(false, 0), (true, 3)] {
                            let product = Case(
                                m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB, adds: adds, gap: gap)
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
        Case(m: 37, n: 515, k: 130, transposeB: true, adds: true),
        Case(m: 205, n: 259, k: 65, transposeA: true, transposeB: true, adds: true, gap: 1),
        Case(m: 45, n: 49, k: 1030, transposeA: true, adds: true),
        Case(m: 245, n: 19, k: 513, transposeB: true),
        // Several depths of packed A, and a transposed A too wide to be read where it lies.
        Case(m: 31, n: 300, k: 600, transposeB: true),
        Case(m: 600, n: 20, k: 300, transposeA: true, adds: true),
    ]

    @Test("products that are cut into tiles", arguments: divided)
    func tiled(product: Case) { check(product) }

    /// Cut into other tiles by every number of threads, which A is packed for, or not.
    private static let wide = Case(m: 24, n: 2048, k: 600)

    @Test("the result is the same to the bit for any number of threads", arguments: providers, divided + [wide])
    func threads(provider: MatrixProvider, product: Case) {
        let before = Parallel.threads
        defer { Parallel.threads = before }
        let results = [1, 2, 3, 8].map { threads in
            Parallel.threads = threads
            var c = product.c
            product.run(provider, isParallel: true, on: &c)
            return c.map(\.bitPattern)
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test(
        "a row of the result is the same to the bit with any number of others",
        arguments: KernelLevel.supported(by: .current), [false, true])
    func rows(level: KernelLevel, adds: Bool) {
        let n = 300
        let whole = Case(m: 211, n: n, k: 300, transposeB: true, adds: adds)
        var all = whole.c
        whole.run(.builtIn(level), isParallel: true, on: &all)
        for m in [1, 5, 6, 14, 100] {
            let part = Case(m: m, n: n, k: 300, transposeB: true, adds: adds)
            var some = part.c
            part.run(.builtIn(level), isParallel: true, on: &some)
            #expect(some.map(\.bitPattern) == all.prefix(m * n).map(\.bitPattern), "\(m) rows")
        }
    }

    @Test("an operand packed before gives the same bits", arguments: [1, 6, 50])
    func packed(m: Int) {
        let product = Case(m: m, n: 45, k: 520, transposeB: true)
        let (a, b) = (Tensor(product.a, shape: [m, 520]), Tensor(product.b, shape: [45, 520]))
        let plain = MatrixProduct.Operand(b.pointer, stride: 520, transposed: true)
        let results = [plain, plain.packed(k: 520, n: 45)].map { operand in
            let c = Tensor(uninitialized: [m, 45])
            MatrixProduct(m: m, n: 45, k: 520, .init(a.pointer, stride: 520), operand, to: c.pointer, stride: 45)
                .compute()
            return c.values.map(\.bitPattern)
        }
        #expect(results[0] == results[1])
    }

    @Test("C is not read where nothing is added", arguments: providers, [(3, 4, 5), (3, 4, 0), (200, 130, 120)])
    func overwrites(provider: MatrixProvider, shape: (m: Int, n: Int, k: Int)) {
        let product = Case(m: shape.m, n: shape.n, k: shape.k)
        for isParallel in [false, true] {
            var c = [Float](repeating: .nan, count: shape.m * shape.n)
            product.run(provider, isParallel: isParallel, on: &c)
            #expect(c.allSatisfy { $0.isFinite })
        }
    }

    @Test("a provider is chosen by name, else by the processor")
    func choice() throws {
        #expect(try MatrixProvider.choose(nil, [.narrow, .avx2]).get() == .builtIn(.avx2))
        #expect(try MatrixProvider.choose(nil, [.narrow]).get() == .openBLAS)
        #expect(try MatrixProvider.choose("limbic", [.narrow]).get() == .builtIn(.narrow))
        #expect(try MatrixProvider.choose("openblas", [.narrow, .avx2]).get() == .openBLAS)
        #expect(throws: MatrixProviderError.self) { try MatrixProvider.choose("mkl", [.narrow]).get() }
    }
}
