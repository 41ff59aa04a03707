import COpenBLAS

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
    gemmSerial(
        transposeA: transposeA,
        transposeB: transposeB,
        m: m,
        n: n,
        k: k,
        alpha: alpha,
        a: a,
        lda: lda,
        b: b,
        ldb: ldb,
        beta: beta,
        c: c,
        ldc: ldc
    )
}

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
    guard m > 0, n > 0 else { return }
    OpenBLAS.sgemm(
        CblasRowMajor,
        transposeA ? CblasTrans : CblasNoTrans,
        transposeB ? CblasTrans : CblasNoTrans,
        Int32(m),
        Int32(n),
        Int32(k),
        alpha,
        a,
        Int32(max(lda, 1)),
        b,
        Int32(max(ldb, 1)),
        beta,
        c,
        Int32(ldc)
    )
}
