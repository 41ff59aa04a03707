import CKernels
import Foundation

/// The oneDNN library, loaded at run time where it is installed and used on one thread per call.
///
/// On processors with tiles of bfloat16 (AMX) its products are several times as fast as any vectors are.
enum OneDNN {
    /// Where the processor has them, what multiplies in float32 and in bfloat16; nil without the library.
    static let library = OneDNNLibrary()
}

/// A loaded library, never unloaded.
struct OneDNNLibrary: Sendable {
    /// C[m, n] = op(A)·op(B) or C + op(A)·op(B), row-major: `transa`, `transb`, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc.
    typealias GEMM =
        @convention(c) (
            CChar, CChar, Int, Int, Int, Float, UnsafeRawPointer, Int, UnsafeRawPointer, Int, Float,
            UnsafeMutablePointer<Float>, Int
        ) -> Int32

    let description: String
    private let float32: GEMM
    /// Nil where the processor or the library has none.
    private let bfloat16: GEMM?

    private struct Version {
        var major: Int32
        var minor: Int32
        var patch: Int32
    }

    fileprivate init?() {
        // Its OpenMP would start threads of its own in every thread that calls it.
        setenv("OMP_NUM_THREADS", "1", 1)
        let names = ["libdnnl.so.3", "libdnnl.so.2"]
        guard let handle = names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first,
            let sgemm = dlsym(handle, "dnnl_sgemm"), let version = dlsym(handle, "dnnl_version")
        else { return nil }
        float32 = unsafeBitCast(sgemm, to: GEMM.self)
        let own = dlsym(handle, "dnnl_gemm_bf16bf16f32").map { unsafeBitCast($0, to: GEMM.self) }
        bfloat16 = own.flatMap { Self.multiplies(Self.bfloat16One, $0) ? $0 : nil }
        guard Self.multiplies(Float(1), float32) else { return nil }
        let read = unsafeBitCast(version, to: (@convention(c) () -> UnsafeRawPointer).self)
        let number = read().load(as: Version.self)
        description = "oneDNN \(number.major).\(number.minor).\(number.patch)"
    }

    func has(_ precision: Precision) -> Bool { precision == .float32 || bfloat16 != nil }

    private static let bfloat16One: UInt16 = 0x3F80

    /// Whether a product of ones comes to its depth: it does not where the processor lacks what the function needs.
    private static func multiplies<Element: BitwiseCopyable>(_ one: Element, _ gemm: GEMM) -> Bool {
        let size = 40
        let ones = [Element](repeating: one, count: size * size)
        var c = [Float](repeating: 0, count: size * size)
        let status = gemm(letter(false), letter(true), size, size, size, 1, ones, size, ones, size, 0, &c, size)
        return status == 0 && c.allSatisfy { $0 == Float(size) }
    }

    private static func letter(_ isTransposed: Bool) -> CChar { CChar(UInt8(ascii: isTransposed ? "T" : "N")) }

    /// Computes a product on the calling thread.
    func multiply(_ product: MatrixProduct) {
        let status = float32(
            Self.letter(product.a.isTransposed), Self.letter(product.b.isTransposed), product.m, product.n, product.k,
            1, product.a.pointer, product.a.stride, product.b.pointer, product.b.stride, product.accumulates ? 1 : 0,
            product.c.pointer, product.c.stride)
        precondition(status == 0, "dnnl_sgemm failed: \(status)")
    }

    /// Computes a part of C on the calling thread, from rounded operands.
    func multiply(_ product: MatrixProduct, _ a: BFloat16Matrix, _ b: BFloat16Matrix) {
        guard let bfloat16 else { preconditionFailure("no products in bfloat16") }
        let status = bfloat16(
            Self.letter(a.isTransposed), Self.letter(b.isTransposed), product.m, product.n, product.k, 1, a.pointer,
            a.stride, b.pointer, b.stride, product.accumulates ? 1 : 0, product.c.pointer, product.c.stride)
        precondition(status == 0, "dnnl_gemm_bf16bf16f32 failed: \(status)")
    }
}

/// An operand of a product rounded to bfloat16, laid out as it was but without gaps between the rows.
struct BFloat16Matrix {
    let stride: Int
    let isTransposed: Bool
    private let values: Tensor
    private let offset: Int

    /// Rounds op(X) of the given shape.
    init(_ x: MatrixProduct.Operand, rows: Int, columns: Int) {
        isTransposed = x.isTransposed
        stride = x.isTransposed ? rows : columns
        offset = 0
        let count = x.isTransposed ? columns : rows
        let values = Tensor(uninitialized: [(count * stride + 1) / 2])
        self.values = values
        let target = Self.pointer(values)
        Chunks(rows: count, columns: stride).forEach { [stride] part in
            for row in part { ck_round_bfloat16(x.pointer + row * x.stride, target + row * stride, stride) }
        }
    }

    private init(_ whole: BFloat16Matrix, offset: Int) {
        (stride, isTransposed, values) = (whole.stride, whole.isTransposed, whole.values)
        self.offset = offset
    }

    var pointer: UnsafePointer<UInt16> { UnsafePointer(Self.pointer(values)) + offset }

    /// From the given row and column of op(X) on.
    func from(row: Int, column: Int) -> BFloat16Matrix {
        BFloat16Matrix(self, offset: offset + (isTransposed ? column * stride + row : row * stride + column))
    }

    private static func pointer(_ values: Tensor) -> UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(values.pointer).assumingMemoryBound(to: UInt16.self)
    }
}
