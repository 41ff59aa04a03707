import Testing

@testable import Engine

@Suite("Matrix product", .serialized)
struct GEMMTests {
    /// A product with operands, their layout, and what it must give.
    struct Case {
        var m: Int
        var n: Int
        var k: Int
        var transposeA = false
        var transposeB = false
        var alpha: Float = 1
        var beta: Float = 0
        /// Unused elements at the end of each row.
        var gap = 0

        var lda: Int { (transposeA ? m : k) + gap }
        var ldb: Int { (transposeB ? k : n) + gap }
        var ldc: Int { n + gap }
        var a: [Float] { values((transposeA ? k : m) * lda, 0) }
        var b: [Float] { values((transposeB ? n : k) * ldb, 1) }
        var c: [Float] { values(m * ldc, 2) }

        private func values(_ count: Int, _ operation: UInt32) -> [Float] {
            let philox = Philox(seed: 1, step: 0, operation: operation)
            return (0..<count).map { 2 * Philox.uniform(philox.word(at: $0)) - 1 }
        }

        func run(serial: Bool, on c: inout [Float]) {
            (serial ? gemmSerial : gemm)(
                transposeA,
                transposeB,
                m,
                n,
                k,
                alpha,
                a,
                lda,
                b,
                ldb,
                beta,
                &c,
                ldc
            )
        }

        /// The product in Double; elements between the rows stay.
        func expected(_ c: [Float]) -> [Float] {
            let (a, b) = (a, b)
            var result = c
            for i in 0..<m {
                for j in 0..<n {
                    var sum = 0.0
                    for l in 0..<k {
                        let left = transposeA ? a[l * lda + i] : a[i * lda + l]
                        let right = transposeB ? b[j * ldb + l] : b[l * ldb + j]
                        sum += Double(left) * Double(right)
                    }
                    let old = beta == 0 ? 0 : Double(beta) * Double(c[i * ldc + j])
                    result[i * ldc + j] = Float(Double(alpha) * sum + old)
                }
            }
            return result
        }
    }

    private func check(_ product: Case, serial: Bool) {
        let before = product.c
        var c = before
        product.run(serial: serial, on: &c)
        let expected = product.expected(before)
        let tolerance = 1e-6 * Float(max(1, product.k))
        let isClose = zip(c, expected).allSatisfy { abs($0 - $1) <= tolerance }
        #expect(isClose, "\(product), serial: \(serial)")
    }

    @Test("small shapes, all layouts and factors", arguments: [false, true])
    func small(serial: Bool) {
        let sizes = [0, 1, 2, 5, 17]
        for m in sizes {
            for n in sizes {
                for k in sizes {
                    for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
                        for (alpha, beta, gap): (Float, Float, Int) in [(1, 0, 0), (0.5, 1, 3), (-2, 0.25, 1)] {
                            let product = Case(
                                m: m,
                                n: n,
                                k: k,
                                transposeA: transposeA,
                                transposeB: transposeB,
                                alpha: alpha,
                                beta: beta,
                                gap: gap
                            )
                            check(product, serial: serial)
                        }
                    }
                }
            }
        }
    }

    static let divided = [
        Case(m: 200, n: 130, k: 120, gap: 2),
        Case(m: 130, n: 300, k: 90, transposeA: true),
        Case(m: 37, n: 515, k: 130, transposeB: true, alpha: 0.5, beta: 2),
        Case(m: 517, n: 259, k: 65, transposeA: true, transposeB: true, beta: 1, gap: 1),
    ]

    @Test("products that are cut into tiles", arguments: divided)
    func tiled(product: Case) {
        #expect(GEMMTiling(m: product.m, n: product.n, k: product.k).count > 1)
        check(product, serial: false)
    }

    @Test("the result is the same to the bit for any number of threads", arguments: divided)
    func threads(product: Case) {
        let before = Parallel.threads
        defer { Parallel.threads = before }
        let results = [1, 2, 3, 8].map { threads in
            Parallel.threads = threads
            var c = product.c
            product.run(serial: false, on: &c)
            return c.map(\.bitPattern)
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test(
        "C is not read where beta is 0",
        arguments: [(3, 4, 5), (3, 4, 0), (200, 130, 120), (1, 40, 40), (40, 1, 40)]
    )
    func overwrites(m: Int, n: Int, k: Int) {
        let product = Case(m: m, n: n, k: k)
        for serial in [false, true] {
            var c = [Float](repeating: .nan, count: m * n)
            product.run(serial: serial, on: &c)
            #expect(c.allSatisfy { $0.isFinite })
        }
    }
}
