#pragma once

#include <cblas.h>
#include <dlfcn.h>

// The library is loaded at run time: nothing may refer to its symbols, only to the types of its functions.
typedef __typeof__(&cblas_sgemm) openblas_sgemm_function;
typedef __typeof__(&openblas_set_num_threads) openblas_set_num_threads_function;
typedef __typeof__(&openblas_get_parallel) openblas_get_parallel_function;
typedef __typeof__(&openblas_get_config) openblas_get_config_function;
typedef __typeof__(&openblas_get_corename) openblas_get_corename_function;
