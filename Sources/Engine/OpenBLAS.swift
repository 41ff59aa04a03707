import COpenBLAS

/// The OpenBLAS library, loaded at run time.
package enum OpenBLAS {
    static let sgemm: openblas_sgemm_function = {
        let handle = dlopen("libopenblas.so.0", RTLD_NOW)!
        let setThreads = unsafeBitCast(
            dlsym(handle, "openblas_set_num_threads"),
            to: openblas_set_num_threads_function.self
        )
        setThreads(1)
        return unsafeBitCast(dlsym(handle, "cblas_sgemm"), to: openblas_sgemm_function.self)
    }()
}
