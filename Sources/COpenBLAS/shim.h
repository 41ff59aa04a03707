#pragma once

#include <cblas.h>
#include <dlfcn.h>

// The library is loaded at run time: nothing may refer to its symbols, only to the types of its functions.
typedef __typeof__(&cblas_sgemm) openblas_sgemm_function;
typedef __typeof__(&openblas_set_num_threads) openblas_set_num_threads_function;
typedef __typeof__(&openblas_get_parallel) openblas_get_parallel_function;
typedef __typeof__(&openblas_get_config) openblas_get_config_function;
typedef __typeof__(&openblas_get_corename) openblas_get_corename_function;

// Tells the processor that this thread waits in a loop, so that its core's other thread gets the resources.
static inline void processor_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}
