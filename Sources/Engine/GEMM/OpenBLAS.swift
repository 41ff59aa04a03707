import COpenBLAS
import Foundation

/// The OpenBLAS library, loaded at run time and used on one thread per call.
///
/// It is not linked, for two reasons: the kernels it uses can be chosen before it is loaded, and a machine without it gets
/// a message instead of a loader error.
package enum OpenBLAS {
    /// Loads the library, and sets environment variables on the way.
    package static func load() throws(OpenBLASError) {
        _ = try library.get()
    }

    /// Version, build options and the processor core whose kernels are used: `OpenBLAS 0.3.21 DYNAMIC_ARCH … SkylakeX`.
    package static var description: String {
        get throws(OpenBLASError) { try library.get().description }
    }

    /// The processor core whose kernels are used, such as `SkylakeX`.
    package static var core: String {
        get throws(OpenBLASError) { try library.get().core }
    }

    /// Computes a product on the calling thread.
    static func multiply(_ product: MatrixProduct) {
        sgemm(
            CblasRowMajor,
            product.a.isTransposed ? CblasTrans : CblasNoTrans,
            product.b.isTransposed ? CblasTrans : CblasNoTrans,
            blasint(product.m),
            blasint(product.n),
            blasint(product.k),
            1,
            product.a.pointer,
            blasint(product.a.stride),
            product.b.pointer,
            blasint(product.b.stride),
            product.accumulates ? 1 : 0,
            product.c.pointer,
            blasint(product.c.stride)
        )
    }

    private static let sgemm: openblas_sgemm_function = {
        switch library {
        case .success(let library): library.sgemm
        case .failure(let error): fatalError(error.description)
        }
    }()

    private static let library: Result<OpenBLASLibrary, OpenBLASError> = {
        do throws(OpenBLASError) {
            return .success(try OpenBLASLibrary(processor: .current))
        } catch {
            return .failure(error)
        }
    }()

    /// The core whose kernels to ask for, or nil where OpenBLAS may choose.
    ///
    /// Releases older than a processor may take it for a much older one: 0.3.21, Debian 12's, falls back to kernels without
    /// AVX-512 on some servers, and below AVX2 on some desktop processors. The choice is made when the library is loaded,
    /// and cannot be corrected where the system does not unload it again, so it is made here. Later cores than these have
    /// the same kernels for float32.
    static func core(for processor: Processor) -> String? {
        processor.hasAVX512 ? "SkylakeX" : processor.hasAVX2 ? "Haswell" : nil
    }
}

/// OpenBLAS is missing or unfit.
package struct OpenBLASError: Error, CustomStringConvertible {
    package let reason: String

    package var description: String {
        "OpenBLAS cannot be loaded (\(reason)); on Debian and Ubuntu, install the package libopenblas0-pthread"
    }
}

/// A loaded library, never unloaded once it is in use.
private struct OpenBLASLibrary {
    let sgemm: openblas_sgemm_function
    let core: String
    let description: String

    /// Where the flavour with pthreads is, then what the machine takes by default. With OpenMP, a library would start
    /// threads of its own in every thread that calls it, whatever it is told, so that one is refused.
    private static let names =
        ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/openblas-pthread/libopenblas.so.0" }
        + ["libopenblasp.so.0", "libopenblas.so.0"]

    init(processor: Processor) throws(OpenBLASError) {
        // Else it would start a thread per core when loaded, only to leave them idle.
        setenv("OPENBLAS_NUM_THREADS", "1", 1)
        if let core = OpenBLAS.core(for: processor) { setenv("OPENBLAS_CORETYPE", core, 0) }
        var reason = ""
        for name in OpenBLASLibrary.names {
            guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
                reason = String(cString: dlerror())
                continue
            }
            let parallel: openblas_get_parallel_function = try OpenBLASLibrary.function("openblas_get_parallel", handle)
            guard parallel() != 2 else {
                reason = "\(name) was built for OpenMP"
                dlclose(handle)
                continue
            }
            try self.init(handle: handle)
            return
        }
        throw OpenBLASError(reason: reason)
    }

    private init(handle: UnsafeMutableRawPointer) throws(OpenBLASError) {
        let setThreads: openblas_set_num_threads_function =
            try OpenBLASLibrary.function("openblas_set_num_threads", handle)
        let config: openblas_get_config_function = try OpenBLASLibrary.function("openblas_get_config", handle)
        let coreName: openblas_get_corename_function = try OpenBLASLibrary.function("openblas_get_corename", handle)
        setThreads(1)
        sgemm = try OpenBLASLibrary.function("cblas_sgemm", handle)
        core = String(cString: coreName()!)
        description = String(cString: config()!)
    }

    private static func function<Function>(
        _ name: String,
        _ handle: UnsafeMutableRawPointer
    ) throws(OpenBLASError) -> Function {
        guard let address = dlsym(handle, name) else { throw OpenBLASError(reason: String(cString: dlerror())) }
        return unsafeBitCast(address, to: Function.self)
    }
}
