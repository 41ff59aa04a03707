import COpenBLAS

/// Computes C ← α·op(A)·op(B) + β·C for row-major float32 matrices, on up to `Parallel.threads` threads.
///
/// op(A) is [m, k]: `a` holds [m, k] with rows `lda` apart or, transposed, [k, m]. op(B) is [k, n] likewise, and `c` holds
/// [m, n]. A large product is cut into tiles of C by its shape alone and never along k, so the result is the same to the
/// bit for any number of threads. With β = 0, C is not read. No element is touched where m or n is 0.
///
/// Cost: 2·m·n·k operations.
///
/// - Precondition: sizes are not negative and fit into 32 bits; each leading dimension is at least its row's length.
package func gemm(
    transposeA: Bool = false,
    transposeB: Bool = false,
    m: Int,
    n: Int,
    k: Int,
    alpha: Float = 1,
    a: UnsafePointer<Float>,
    lda: Int,
    b: UnsafePointer<Float>,
    ldb: Int,
    beta: Float = 0,
    c: UnsafeMutablePointer<Float>,
    ldc: Int
) {
    let tiling = GEMMTiling(m: m, n: n, k: k)
    Parallel.forEach(tiling.count) { index in
        let tile = tiling[index]
        gemmSerial(
            transposeA: transposeA,
            transposeB: transposeB,
            m: tile.rows.count,
            n: tile.columns.count,
            k: k,
            alpha: alpha,
            a: a + tile.rows.lowerBound * (transposeA ? 1 : lda),
            lda: lda,
            b: b + tile.columns.lowerBound * (transposeB ? ldb : 1),
            ldb: ldb,
            beta: beta,
            c: c + tile.rows.lowerBound * ldc + tile.columns.lowerBound,
            ldc: ldc
        )
    }
}

/// The same product as ``gemm(transposeA:transposeB:m:n:k:alpha:a:lda:b:ldb:beta:c:ldc:)`` as one call on the calling
/// thread, for use inside of a loop over many. The two may differ by rounding.
package func gemmSerial(
    transposeA: Bool = false,
    transposeB: Bool = false,
    m: Int,
    n: Int,
    k: Int,
    alpha: Float = 1,
    a: UnsafePointer<Float>,
    lda: Int,
    b: UnsafePointer<Float>,
    ldb: Int,
    beta: Float = 0,
    c: UnsafeMutablePointer<Float>,
    ldc: Int
) {
    precondition(m >= 0 && n >= 0 && k >= 0, "a matrix has a negative size")
    guard m > 0, n > 0 else { return }
    precondition(ldc >= n, "the rows of C overlap")
    guard k > 0 else {
        for row in 0..<m {
            for column in 0..<n { c[row * ldc + column] = beta == 0 ? 0 : beta * c[row * ldc + column] }
        }
        return
    }
    precondition(lda >= (transposeA ? m : k), "the rows of A overlap")
    precondition(ldb >= (transposeB ? k : n), "the rows of B overlap")
    OpenBLAS.sgemm(
        CblasRowMajor,
        transposeA ? CblasTrans : CblasNoTrans,
        transposeB ? CblasTrans : CblasNoTrans,
        blasint(m),
        blasint(n),
        blasint(k),
        alpha,
        a,
        blasint(lda),
        b,
        blasint(ldb),
        beta,
        c,
        blasint(ldc)
    )
}
