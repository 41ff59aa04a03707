#include "CKernels.h"
#include "clones.h"

#include <string.h>

// A kernel computes one tile of C, MR rows by NR columns, in registers: for each step along the depth it multiplies the
// NR values of B by each of the MR values of A. Which tile fits depends on how many registers there are, and how wide.
typedef struct {
    size_t rows, columns;
    void (*tile)(
        const float *a, size_t row, size_t step, const float *b, size_t depth, float *c, size_t stride, int adds);
} kernel;

enum { LARGEST_TILE_ROWS = 14, LARGEST_TILE = LARGEST_TILE_ROWS * 32 };

// A's values are `row` apart from row to row and `step` apart along the depth: packed or where they lie.
#define KERNEL(NAME, TARGET, BYTES, ROWS, VECTORS, UNROLL)                                                             \
    typedef float NAME##_vector __attribute__((vector_size(BYTES), aligned(4)));                                       \
    TARGET static void NAME##_tile(                                                                                    \
        const float *a, size_t row, size_t step, const float *b, size_t depth, float *c, size_t stride, int adds) {    \
        enum { WIDTH = (BYTES) / sizeof(float) };                                                                      \
        NAME##_vector sums[ROWS][VECTORS];                                                                             \
        for (size_t r = 0; r < (ROWS); r++)                                                                            \
            for (size_t v = 0; v < (VECTORS); v++)                                                                     \
                sums[r][v] = adds ? *(const NAME##_vector *)(c + r * stride + v * WIDTH) : (NAME##_vector){0};         \
        _Pragma(UNROLL)                                                                                                \
        for (size_t p = 0; p < depth; p++, a += step, b += (VECTORS) * WIDTH) {                                        \
            NAME##_vector values[VECTORS];                                                                             \
            for (size_t v = 0; v < (VECTORS); v++) values[v] = *(const NAME##_vector *)(b + v * WIDTH);                \
            for (size_t r = 0; r < (ROWS); r++)                                                                        \
                for (size_t v = 0; v < (VECTORS); v++) sums[r][v] += a[r * row] * values[v];                           \
        }                                                                                                              \
        for (size_t r = 0; r < (ROWS); r++)                                                                            \
            for (size_t v = 0; v < (VECTORS); v++) *(NAME##_vector *)(c + r * stride + v * WIDTH) = sums[r][v];        \
    }                                                                                                                  \
    static const kernel NAME = {ROWS, (VECTORS) * ((BYTES) / sizeof(float)), NAME##_tile};

// Unrolled, the widest tile would need more registers than there are.
KERNEL(narrow, , 16, 4, 2, "clang loop unroll_count(4)")
#if defined(__x86_64__)
KERNEL(avx2, __attribute__((target("avx2,fma"))), 32, 6, 2, "clang loop unroll_count(4)")
KERNEL(avx512, __attribute__((target("avx512f"))), 64, 14, 2, "clang loop unroll(disable)")
#endif

static const kernel *kernel_of(ck_gemm_level level) {
    switch (level) {
#if defined(__x86_64__)
    case CK_GEMM_AVX512: return &avx512;
    case CK_GEMM_AVX2: return &avx2;
#endif
    default: return &narrow;
    }
}

size_t ck_gemm_tile_rows(ck_gemm_level level) { return kernel_of(level)->rows; }

size_t ck_gemm_tile_columns(ck_gemm_level level) { return kernel_of(level)->columns; }

CK_INLINE void pack_group(const float *x, size_t stride, const size_t lanes, size_t depth, float *panel) {
    for (size_t p = 0; p < depth; p++, x += stride, panel += lanes) memcpy(panel, x, lanes * sizeof(float));
}

static void pack_along(const float *x, size_t stride, size_t lanes, size_t used, size_t depth, float *panel) {
    if (used == lanes) {
        // With a constant number of lanes, the copy is a few instructions instead of a call.
        switch (lanes) {
        case 4: return pack_group(x, stride, 4, depth, panel);
        case 6: return pack_group(x, stride, 6, depth, panel);
        case 8: return pack_group(x, stride, 8, depth, panel);
        case 14: return pack_group(x, stride, 14, depth, panel);
        case 16: return pack_group(x, stride, 16, depth, panel);
        case 32: return pack_group(x, stride, 32, depth, panel);
        }
    }
    for (size_t p = 0; p < depth; p++, x += stride, panel += lanes)
        for (size_t i = 0; i < lanes; i++) panel[i] = i < used ? x[i] : 0;
}

typedef float quad __attribute__((vector_size(16), aligned(4)));

typedef float pair __attribute__((vector_size(8), aligned(4)));

// Four lines at a time, by squares of four by four; then two.
static void pack_across(const float *x, size_t stride, size_t lanes, size_t used, size_t depth, float *panel) {
    size_t i = 0;
    for (; i + 4 <= used; i += 4, x += 4 * stride) {
        float *to = panel + i;
        size_t p = 0;
        for (; p + 4 <= depth; p += 4, to += 4 * lanes) {
            const quad a = *(const quad *)(x + p), b = *(const quad *)(x + stride + p);
            const quad c = *(const quad *)(x + 2 * stride + p), d = *(const quad *)(x + 3 * stride + p);
            const quad ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
            const quad cd0 = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd1 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            *(quad *)to = __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5);
            *(quad *)(to + lanes) = __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7);
            *(quad *)(to + 2 * lanes) = __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5);
            *(quad *)(to + 3 * lanes) = __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7);
        }
        for (; p < depth; p++, to += lanes)
            for (size_t q = 0; q < 4; q++) to[q] = x[q * stride + p];
    }
    for (; i + 2 <= used; i += 2, x += 2 * stride) {
        float *to = panel + i;
        size_t p = 0;
        for (; p + 4 <= depth; p += 4, to += 4 * lanes) {
            const quad a = *(const quad *)(x + p), b = *(const quad *)(x + stride + p);
            *(pair *)to = __builtin_shufflevector(a, b, 0, 4);
            *(pair *)(to + lanes) = __builtin_shufflevector(a, b, 1, 5);
            *(pair *)(to + 2 * lanes) = __builtin_shufflevector(a, b, 2, 6);
            *(pair *)(to + 3 * lanes) = __builtin_shufflevector(a, b, 3, 7);
        }
        for (; p < depth; p++, to += lanes) to[0] = x[p], to[1] = x[stride + p];
    }
    for (; i < lanes; i++, x += stride)
        for (size_t p = 0; p < depth; p++) panel[p * lanes + i] = i < used ? x[p] : 0;
}

void ck_gemm_pack(
    const float *x, size_t stride, int across, size_t lanes, size_t count, size_t depth, float *panels) {
    for (size_t start = 0; start < count; start += lanes, panels += lanes * depth) {
        const size_t used = count - start < lanes ? count - start : lanes;
        if (across) pack_across(x + start * stride, stride, lanes, used, depth, panels);
        else pack_along(x + start, stride, lanes, used, depth, panels);
    }
}

// The tiles of some rows, no more than a kernel's, over all panels of B's columns.
static void row_of_tiles(
    const kernel *kernel, const float *a, size_t row, size_t step, const float *b, size_t rows, size_t columns,
    size_t depth, float *c, size_t stride, int adds) {
    float tile[LARGEST_TILE];
    for (size_t j = 0; j < columns; j += kernel->columns, b += kernel->columns * depth, c += kernel->columns) {
        if (rows == kernel->rows && columns - j >= kernel->columns) {
            kernel->tile(a, row, step, b, depth, c, stride, adds);
            continue;
        }
        const size_t width = columns - j < kernel->columns ? columns - j : kernel->columns;
        if (adds) {
            memset(tile, 0, sizeof tile);
            for (size_t r = 0; r < rows; r++) memcpy(tile + r * kernel->columns, c + r * stride, width * sizeof(float));
        }
        kernel->tile(a, row, step, b, depth, tile, kernel->columns, adds);
        for (size_t r = 0; r < rows; r++) memcpy(c + r * stride, tile + r * kernel->columns, width * sizeof(float));
    }
}

void ck_gemm_block(
    ck_gemm_level level, const float *a, const float *b, size_t rows, size_t columns, size_t depth, float *c,
    size_t stride, int adds) {
    const kernel *kernel = kernel_of(level);
    // Panels of B outside: one stays in the first-level cache while A's go by.
    for (size_t j = 0; j < columns; j += kernel->columns, b += kernel->columns * depth) {
        const size_t width = columns - j < kernel->columns ? columns - j : kernel->columns;
        for (size_t i = 0; i < rows; i += kernel->rows) {
            const size_t height = rows - i < kernel->rows ? rows - i : kernel->rows;
            row_of_tiles(
                kernel, a + i * depth, 1, kernel->rows, b, height, width, depth, c + i * stride + j, stride, adds);
        }
    }
}

void ck_gemm_block_unpacked(
    ck_gemm_level level, const float *a, size_t a_stride, int a_transposed, const float *b, size_t rows, size_t columns,
    size_t depth, float *c, size_t stride, int adds) {
    const kernel *kernel = kernel_of(level);
    const size_t row = a_transposed ? 1 : a_stride, step = a_transposed ? a_stride : 1;
    size_t i = 0;
    for (; i + kernel->rows <= rows; i += kernel->rows)
        row_of_tiles(kernel, a + i * row, row, step, b, kernel->rows, columns, depth, c + i * stride, stride, adds);
    if (i == rows) return;
    // A tile would read past the last row.
    float panel[LARGEST_TILE_ROWS * CK_GEMM_DEPTH];
    ck_gemm_pack(a + i * row, a_stride, !a_transposed, kernel->rows, rows - i, depth, panel);
    row_of_tiles(kernel, panel, 1, kernel->rows, b, rows - i, columns, depth, c + i * stride, stride, adds);
}
