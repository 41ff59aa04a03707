#include "CKernels.h"
#include "clones.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// A tile of C is computed in registers: for each step along the depth, the values of B, one or two vectors, are multiplied
// by each of the values of A, one a row. Which tile fits depends on how many registers there are, and how wide.
//
// A value is 32 bits: one float32 or, where a level multiplies in bfloat16, two numbers that follow each other along the
// depth. A's values are `row` apart from row to row and `step` apart along the depth.
typedef void tile(
    const float *a, size_t row, size_t step, const float *b, size_t steps, float *c, size_t stride, int accumulate);

// Each element of C is computed alike by all tiles of a kernel, of whatever size.
typedef struct {
    size_t rows, columns;
    // By the number of rows, the least first.
    struct {
        size_t rows;
        tile *narrow, *wide;
    } tiles[7];
} kernel;

enum { LARGEST_TILE_ROWS = 14, LARGEST_TILE_COLUMNS = 32 };

#define MULTIPLY_ADD(sum, a, b) ((sum) + (a) * (b))
#define DOT_BFLOAT16(sum, a, b) \
    _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi32(__builtin_bit_cast(int, a)), (__m512bh)(b))

#define TILE(NAME, TARGET, BYTES, ROWS, VECTORS, PANEL, ADD, UNROLL)                                                   \
    TARGET static void NAME##_##ROWS##x##VECTORS(                                                                      \
        const float *a, size_t row, size_t step, const float *b, size_t steps, float *c, size_t stride, int accumulate) {    \
        typedef float vector __attribute__((vector_size(BYTES), aligned(4)));                                          \
        enum { WIDTH = (BYTES) / sizeof(float) };                                                                      \
        vector sums[ROWS][VECTORS];                                                                                    \
        for (size_t r = 0; r < (ROWS); r++)                                                                            \
            for (size_t v = 0; v < (VECTORS); v++)                                                                     \
                sums[r][v] = accumulate ? *(const vector *)(c + r * stride + v * WIDTH) : (vector){0};                       \
        _Pragma(UNROLL)                                                                                                \
        for (size_t p = 0; p < steps; p++, a += step, b += (PANEL) * WIDTH) {                                          \
            vector values[VECTORS];                                                                                    \
            for (size_t v = 0; v < (VECTORS); v++) values[v] = *(const vector *)(b + v * WIDTH);                       \
            for (size_t r = 0; r < (ROWS); r++)                                                                        \
                for (size_t v = 0; v < (VECTORS); v++) sums[r][v] = ADD(sums[r][v], a[r * row], values[v]);            \
        }                                                                                                              \
        for (size_t r = 0; r < (ROWS); r++)                                                                            \
            for (size_t v = 0; v < (VECTORS); v++) *(vector *)(c + r * stride + v * WIDTH) = sums[r][v];               \
    }

#define TILES(NAME, TARGET, BYTES, ROWS, ADD, UNROLL)                                                                  \
    TILE(NAME, TARGET, BYTES, ROWS, 1, 2, ADD, UNROLL)                                                                 \
    TILE(NAME, TARGET, BYTES, ROWS, 2, 2, ADD, UNROLL)

#define ENTRY(NAME, ROWS) {ROWS, NAME##_##ROWS##x1, NAME##_##ROWS##x2}

// A kernel with tiles of ROWS rows and two vectors, and smaller ones for the edges of C.
#define KERNEL(NAME, TARGET, BYTES, FEW, SOME, ROWS, ADD, UNROLL)                                                      \
    TILES(NAME, TARGET, BYTES, FEW, ADD, UNROLL)                                                                       \
    TILES(NAME, TARGET, BYTES, SOME, ADD, UNROLL)                                                                      \
    TILES(NAME, TARGET, BYTES, ROWS, ADD, UNROLL)                                                                      \
    static const kernel NAME = {                                                                                       \
        ROWS, 2 * (BYTES) / sizeof(float), {ENTRY(NAME, FEW), ENTRY(NAME, SOME), ENTRY(NAME, ROWS)}};

// The same for 32 registers, which make tiles so high that those of few rows must not be rounded up far.
#define HIGH_KERNEL(NAME, TARGET, ADD)                                                                                 \
    TILES(NAME, TARGET, 64, 2, ADD, "clang loop unroll(disable)")                                                      \
    TILES(NAME, TARGET, 64, 4, ADD, "clang loop unroll(disable)")                                                      \
    TILES(NAME, TARGET, 64, 6, ADD, "clang loop unroll(disable)")                                                      \
    TILES(NAME, TARGET, 64, 8, ADD, "clang loop unroll(disable)")                                                      \
    TILES(NAME, TARGET, 64, 10, ADD, "clang loop unroll(disable)")                                                     \
    TILES(NAME, TARGET, 64, 12, ADD, "clang loop unroll(disable)")                                                     \
    TILES(NAME, TARGET, 64, 14, ADD, "clang loop unroll(disable)")                                                     \
    static const kernel NAME = {                                                                                       \
        14, 32, {ENTRY(NAME, 2), ENTRY(NAME, 4), ENTRY(NAME, 6), ENTRY(NAME, 8), ENTRY(NAME, 10), ENTRY(NAME, 12),     \
                 ENTRY(NAME, 14)}};

// Unrolled, the widest tiles would need more registers than there are.
KERNEL(narrow, , 16, 1, 2, 4, MULTIPLY_ADD, "clang loop unroll_count(4)")
#if defined(__x86_64__)
KERNEL(avx2, __attribute__((target("avx2,fma"))), 32, 2, 4, 6, MULTIPLY_ADD, "clang loop unroll_count(4)")
HIGH_KERNEL(avx512, __attribute__((target("avx512f"))), MULTIPLY_ADD)
HIGH_KERNEL(avx512_bf16, __attribute__((target("avx512f,avx512bf16"))), DOT_BFLOAT16)
#endif

static const kernel *kernel_of(ck_gemm_level level) {
    switch (level) {
#if defined(__x86_64__)
    case CK_GEMM_AVX512_BF16: return &avx512_bf16;
    case CK_GEMM_AVX512: return &avx512;
    case CK_GEMM_AVX2: return &avx2;
#endif
    default: return &narrow;
    }
}

size_t ck_gemm_tile_rows(ck_gemm_level level) { return kernel_of(level)->rows; }

size_t ck_gemm_tile_columns(ck_gemm_level level) { return kernel_of(level)->columns; }

static size_t numbers_in_value(ck_gemm_level level) { return level == CK_GEMM_AVX512_BF16 ? 2 : 1; }

size_t ck_gemm_steps(ck_gemm_level level, size_t depth) {
    return (depth + numbers_in_value(level) - 1) / numbers_in_value(level);
}

size_t ck_gemm_depth(ck_gemm_level level) { return CK_GEMM_STEPS * numbers_in_value(level); }

CK_INLINE void copy_values(const float *x, float *panel, const size_t lanes) { memcpy(panel, x, lanes * sizeof(float)); }

// One value of each of some lines that lie side by side.
static void pack_values(const float *x, size_t count, float *panel) {
    // With a constant number, the copy is a few instructions instead of a call.
    switch (count) {
    case 4: return copy_values(x, panel, 4);
    case 6: return copy_values(x, panel, 6);
    case 8: return copy_values(x, panel, 8);
    case 14: return copy_values(x, panel, 14);
    case 16: return copy_values(x, panel, 16);
    case 32: return copy_values(x, panel, 32);
    default: return copy_values(x, panel, count);
    }
}

typedef float quad __attribute__((vector_size(16), aligned(4)));

typedef float pair __attribute__((vector_size(8), aligned(4)));

// Four lines at a time, by squares of four by four; then two.
static void pack_across(const float *x, size_t stride, size_t lanes, size_t used, size_t depth, float *panel) {
    if (used < lanes) memset(panel, 0, lanes * depth * sizeof(float));
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
    for (; i < used; i++, x += stride)
        for (size_t p = 0; p < depth; p++) panel[p * lanes + i] = x[p];
}

#if defined(__x86_64__)

#define BFLOAT16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

// The processor fetches ahead of plain loads, but not of masked ones, which are therefore for what is left only.

BFLOAT16 CK_INLINE __mmask16 first_of(size_t count) { return count < 16 ? (1u << count) - 1 : 0xFFFF; }

// pairs[i] = (x[2 i], x[2 i + 1]), rounded.
BFLOAT16 static void pair_along_row(const float *x, size_t n, float *pairs) {
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + i + 16), _mm512_loadu_ps(x + i));
        _mm512_storeu_si512(pairs + i / 2, (__m512i)both);
    }
    if (i == n) return;
    const size_t left = n - i;
    const __m512 first = _mm512_maskz_loadu_ps(first_of(left), x + i);
    const __m512 second =
        left > 16 ? _mm512_maskz_loadu_ps(first_of(left - 16), x + i + 16) : _mm512_setzero_ps();
    _mm512_mask_storeu_epi32(pairs + i / 2, first_of((left + 1) / 2), (__m512i)_mm512_cvtne2ps_pbh(second, first));
}

BFLOAT16 CK_INLINE __m512i interleaved(__m512 x, __m512 y) {
    const __m512i order = _mm512_set_epi16(
        31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1,
        16, 0);
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(y, x));
}

// pairs[i] = (x[i], y[i]), rounded.
BFLOAT16 static void pair_rows(const float *x, const float *y, size_t n, float *pairs) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_si512(pairs + i, interleaved(_mm512_loadu_ps(x + i), _mm512_loadu_ps(y + i)));
    if (i == n) return;
    const __mmask16 left = first_of(n - i);
    const __m512i both = interleaved(_mm512_maskz_loadu_ps(left, x + i), _mm512_maskz_loadu_ps(left, y + i));
    _mm512_mask_storeu_epi32(pairs + i, left, both);
}

static void pack_across_bfloat16(
    const float *x, size_t stride, size_t lanes, size_t used, size_t depth, float *panel) {
    const size_t steps = ck_gemm_steps(CK_GEMM_AVX512_BF16, depth);
    float rows[LARGEST_TILE_COLUMNS * CK_GEMM_STEPS];
    for (size_t i = 0; i < used; i++) pair_along_row(x + i * stride, depth, rows + i * steps);
    pack_across(rows, steps, lanes, used, steps, panel);
}

#endif

enum { PANELS = 16, AHEAD = 4 };

// Lines that lie side by side: of all panels, no more than PANELS, step by step.
static void pack_along(
    ck_gemm_level level, const float *x, size_t stride, size_t lanes, size_t count, size_t depth, float *panels) {
    const size_t steps = ck_gemm_steps(level, depth), numbers = numbers_in_value(level);
    if (count % lanes > 0) memset(panels + count / lanes * lanes * steps, 0, lanes * steps * sizeof(float));
    for (size_t p = 0; p < steps; p++, x += numbers * stride, panels += lanes) {
        // Lines that are cut short are not fetched ahead by the processor.
        if (p + AHEAD < steps)
            for (size_t n = 0; n < numbers; n++)
                for (size_t i = 0; i < count; i += 16) __builtin_prefetch(x + (AHEAD * numbers + n) * stride + i);
        const float *values = x;
#if defined(__x86_64__)
        static const float zeros[PANELS * LARGEST_TILE_COLUMNS];
        float pairs[PANELS * LARGEST_TILE_COLUMNS];
        if (level == CK_GEMM_AVX512_BF16) {
            pair_rows(x, 2 * p + 1 < depth ? x + stride : zeros, count, pairs);
            values = pairs;
        }
#endif
        float *panel = panels;
        for (size_t start = 0; start < count; start += lanes, panel += lanes * steps)
            pack_values(values + start, count - start < lanes ? count - start : lanes, panel);
    }
}

void ck_gemm_pack(
    ck_gemm_level level, const float *x, size_t stride, int across, size_t lanes, size_t count, size_t depth,
    float *panels) {
    const size_t steps = ck_gemm_steps(level, depth);
    if (across) {
        for (size_t start = 0; start < count; start += lanes, panels += lanes * steps, x += lanes * stride) {
            const size_t used = count - start < lanes ? count - start : lanes;
#if defined(__x86_64__)
            if (level == CK_GEMM_AVX512_BF16) {
                pack_across_bfloat16(x, stride, lanes, used, depth, panels);
                continue;
            }
#endif
            pack_across(x, stride, lanes, used, depth, panels);
        }
        return;
    }
    for (size_t start = 0; start < count; start += PANELS * lanes, panels += PANELS * lanes * steps)
        pack_along(level, x + start, stride, lanes, count - start < PANELS * lanes ? count - start : PANELS * lanes, depth, panels);
}

// Copies rows of A so that neither rows of one tile nor those of B's panel crowd the same lines of the cache.
static void copy_rows(ck_gemm_level level, const float *a, size_t stride, size_t rows, size_t depth, float *copy) {
    const kernel *kernel = kernel_of(level);
    const size_t steps = ck_gemm_steps(level, depth), copied = (rows + kernel->rows - 1) / kernel->rows * kernel->rows;
    for (size_t r = 0; r < copied; r++, copy += steps) {
        if (r >= rows) memset(copy, 0, steps * sizeof(float));
#if defined(__x86_64__)
        else if (level == CK_GEMM_AVX512_BF16) pair_along_row(a + r * stride, depth, copy);
#endif
        else memcpy(copy, a + r * stride, steps * sizeof(float));
    }
}

// The rows of tiles of which as few as possible cover all rows, and none has many less than another.
static size_t even_height(const kernel *kernel, size_t rows) {
    const size_t count = (rows + kernel->rows - 1) / kernel->rows, height = (rows + count - 1) / count;
    size_t size = 0;
    while (kernel->tiles[size].rows < height) size++;
    return kernel->tiles[size].rows;
}

// The tiles of some rows, no more than a kernel's, over all panels of B's columns.
static void row_of_tiles(
    const kernel *kernel, const float *a, size_t row, size_t step, const float *b, size_t rows, size_t columns,
    size_t steps, float *c, size_t stride, int accumulate) {
    float edge[LARGEST_TILE_ROWS * LARGEST_TILE_COLUMNS];
    size_t size = 0;
    while (kernel->tiles[size].rows < rows) size++;
    for (size_t j = 0; j < columns; j += kernel->columns, b += kernel->columns * steps, c += kernel->columns) {
        const size_t width = columns - j < kernel->columns ? columns - j : kernel->columns;
        const int is_narrow = width <= kernel->columns / 2;
        tile *tile = is_narrow ? kernel->tiles[size].narrow : kernel->tiles[size].wide;
        if (kernel->tiles[size].rows == rows && width == (is_narrow ? kernel->columns / 2 : kernel->columns)) {
            tile(a, row, step, b, steps, c, stride, accumulate);
            continue;
        }
        if (accumulate) {
            // What lies past the edge is computed, too, from numbers.
            memset(edge, 0, sizeof edge);
            for (size_t r = 0; r < rows; r++) memcpy(edge + r * kernel->columns, c + r * stride, width * sizeof(float));
        }
        tile(a, row, step, b, steps, edge, kernel->columns, accumulate);
        for (size_t r = 0; r < rows; r++) memcpy(c + r * stride, edge + r * kernel->columns, width * sizeof(float));
    }
}

void ck_gemm_block(
    ck_gemm_level level, const float *a, size_t a_stride, int a_transposed, const float *b, size_t rows, size_t columns,
    size_t depth, float *c, size_t stride, int accumulate, float *copy) {
    const kernel *kernel = kernel_of(level);
    const size_t steps = ck_gemm_steps(level, depth);
    if (a_transposed) ck_gemm_pack(level, a, a_stride, 0, kernel->rows, rows, depth, copy);
    else copy_rows(level, a, a_stride, rows, depth, copy);
    const size_t row = a_transposed ? 1 : steps, step = a_transposed ? kernel->rows : 1;
    const size_t most = a_transposed ? kernel->rows : even_height(kernel, rows);
    // Panels of B outside: one stays in the first-level cache while A's rows go by.
    for (size_t j = 0; j < columns; j += kernel->columns, b += kernel->columns * steps) {
        const size_t width = columns - j < kernel->columns ? columns - j : kernel->columns;
        for (size_t i = 0; i < rows; i += most) {
            const size_t height = rows - i < most ? rows - i : most;
            row_of_tiles(kernel, copy + i * steps, row, step, b, height, width, steps, c + i * stride + j, stride, accumulate);
        }
    }
}

void ck_gemm_block_unpacked(
    ck_gemm_level level, const float *a, size_t a_stride, int a_transposed, const float *b, size_t rows, size_t columns,
    size_t depth, float *c, size_t stride, int accumulate) {
    const kernel *kernel = kernel_of(level);
    const size_t steps = ck_gemm_steps(level, depth), most = even_height(kernel, rows);
    const size_t row = a_transposed ? 1 : a_stride, step = a_transposed ? a_stride : 1;
    float copy[LARGEST_TILE_ROWS * CK_GEMM_STEPS];
    for (size_t i = 0; i < rows; i += most, a += most * row, c += most * stride) {
        const size_t height = rows - i < most ? rows - i : most;
        // A tile of more rows than are left would read past the last one.
        if (even_height(kernel, height) > height || level == CK_GEMM_AVX512_BF16)
            ck_gemm_block(level, a, a_stride, a_transposed, b, height, columns, depth, c, stride, accumulate, copy);
        else row_of_tiles(kernel, a, row, step, b, height, columns, steps, c, stride, accumulate);
    }
}
