#include "CKernels.h"
#include "clones.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

// Four numbers of 8 bits that follow each other along the depth make a value of 32 bits, of which AVX512-VNNI multiplies 16
// at a time, an unsigned number by a signed one, and adds the four products to a sum.

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

enum { WIDTH = 16, NUMBERS = 4, LARGEST = 127, ZERO = 128 };

// Values below are taken for zeros, so that their inverse is a number.
static const float least = 0x1p-100f;

static size_t steps_of(size_t depth) { return (depth + NUMBERS - 1) / NUMBERS; }

// The largest |x|; NaN or infinite where one is not finite.
VNNI CK_INLINE float largest_magnitude(const float *x, size_t n) {
    // Of positive numbers, infinity and NaN, in this order, the larger has the larger bits.
    __m512i largest = _mm512_setzero_si512(), second = largest;
    const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
    size_t i = 0;
    for (; i + 2 * WIDTH <= n; i += 2 * WIDTH) {
        largest = _mm512_max_epu32(largest, _mm512_and_si512(_mm512_loadu_si512(x + i), magnitude));
        second = _mm512_max_epu32(second, _mm512_and_si512(_mm512_loadu_si512(x + i + WIDTH), magnitude));
    }
    for (; i + WIDTH <= n; i += WIDTH)
        largest = _mm512_max_epu32(largest, _mm512_and_si512(_mm512_loadu_si512(x + i), magnitude));
    largest = _mm512_max_epu32(largest, second);
    const __mmask16 rest = (1u << (n - i)) - 1;
    largest = _mm512_max_epu32(largest, _mm512_and_si512(_mm512_maskz_loadu_epi32(rest, x + i), magnitude));
    return __builtin_bit_cast(float, _mm512_reduce_max_epu32(largest));
}

typedef struct {
    float scale, inverse;
} quantizer;

VNNI CK_INLINE quantizer quantizer_of(const float *x, size_t n) {
    const float largest = largest_magnitude(x, n);
    if (largest < least) return (quantizer){0, 0};
    if (!(largest <= __FLT_MAX__)) return (quantizer){__builtin_nanf(""), 0};
    return (quantizer){largest / LARGEST, LARGEST / largest};
}

// Those of `used` lanes from x on.
VNNI CK_INLINE __m512i quantized(const float *x, __mmask16 used, __m512 inverse) {
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(used, x), inverse));
}

// Four vectors of numbers, each narrowed to 8 bits, one after another.
VNNI CK_INLINE __m512i narrowed(const float *x, __m512 inverse) {
    __m512i q[4];
    for (size_t v = 0; v < 4; v++) q[v] = quantized(x + v * WIDTH, 0xFFFF, inverse);
    // Of each quarter of the four, one after another.
    const __m512i quarters = _mm512_packs_epi16(_mm512_packs_epi32(q[0], q[1]), _mm512_packs_epi32(q[2], q[3]));
    const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    return _mm512_permutexvar_epi32(order, quarters);
}

size_t ck_int8_stride(size_t depth) {
    // An odd number of cache lines, so that the rows of a tile do not crowd the same places of the cache.
    return ((depth + 63) / 64 | 1) * 64;
}

VNNI void ck_int8_quantize(
    const float *x, size_t rows, size_t depth, uint8_t *quantized_rows, float *scales) {
    const size_t stride = ck_int8_stride(depth), end = steps_of(depth) * NUMBERS;
    const __m512i zero = _mm512_set1_epi32(ZERO);
    for (size_t r = 0; r < rows; r++, x += depth, quantized_rows += stride) {
        const quantizer quantizer = quantizer_of(x, depth);
        const __m512 inverse = _mm512_set1_ps(quantizer.inverse);
        scales[r] = quantizer.scale;
        size_t i = 0;
        // To turn the highest bit is to add 128.
        for (; i + 4 * WIDTH <= depth; i += 4 * WIDTH)
            _mm512_storeu_si512(
                quantized_rows + i, _mm512_xor_si512(narrowed(x + i, inverse), _mm512_set1_epi8((char)ZERO)));
        for (; i + WIDTH <= depth; i += WIDTH)
            _mm_storeu_si128(
                (__m128i *)(quantized_rows + i),
                _mm512_cvtepi32_epi8(_mm512_add_epi32(quantized(x + i, 0xFFFF, inverse), zero)));
        if (i < end)
            _mm512_mask_cvtepi32_storeu_epi8(
                quantized_rows + i, (1u << (end - i)) - 1,
                _mm512_add_epi32(quantized(x + i, (1u << (depth - i)) - 1, inverse), zero));
    }
}

VNNI void ck_int8_pack(
    const float *w, size_t columns, size_t depth, int8_t *panels, float *scales, int32_t *offsets) {
    const size_t steps = steps_of(depth);
    int8_t numbers[WIDTH];
    for (size_t c = 0; c < columns; c++, w += depth) {
        const quantizer quantizer = quantizer_of(w, depth);
        const __m512 inverse = _mm512_set1_ps(quantizer.inverse);
        int8_t *panel = panels + c / CK_INT8_COLUMNS * CK_INT8_COLUMNS * steps * NUMBERS + c % CK_INT8_COLUMNS * NUMBERS;
        int32_t sum = 0;
        for (size_t i = 0; i < depth; i += WIDTH) {
            const size_t left = depth - i;
            const __m512i q = quantized(w + i, left < WIDTH ? (1u << left) - 1 : 0xFFFF, inverse);
            sum += _mm512_reduce_add_epi32(q);
            _mm_storeu_si128((__m128i *)numbers, _mm512_cvtepi32_epi8(q));
            for (size_t n = 0; n < WIDTH && n < left; n += NUMBERS)
                memcpy(panel + (i + n) * CK_INT8_COLUMNS, numbers + n, NUMBERS);
        }
        scales[c] = quantizer.scale;
        offsets[c] = -ZERO * sum;
    }
}

// What all tiles of a row of tiles have in common.
typedef struct {
    const uint8_t *a;
    size_t row;
    const float *row_scales;
    size_t rows, steps;
    float *y;
    size_t stride;
    int has_relu;
} lines;

#define UNROLLED _Pragma("clang loop unroll(full)")

typedef void tile(
    const lines *lines, const int8_t *b, const float *scales, const int32_t *offsets, const float *bias, size_t columns);

VNNI CK_INLINE __mmask16 used_lanes(size_t columns, size_t vector) {
    const size_t start = vector * WIDTH;
    return columns <= start ? 0 : columns - start < WIDTH ? (1u << (columns - start)) - 1 : 0xFFFF;
}

// Rows of A that are 1, 2, 4 and 8 from one on are a distance that an address can hold.
#define TILE(ROWS, VECTORS)                                                                                            \
    VNNI static void tile_##ROWS##x##VECTORS(                                                                          \
        const lines *lines, const int8_t *b, const float *scales, const int32_t *offsets, const float *bias,           \
        size_t columns) {                                                                                              \
        const size_t row = lines->row;                                                                                 \
        const uint8_t *a[((ROWS) + 2) / 3];                                                                            \
        __m512i sums[ROWS][VECTORS];                                                                                   \
        UNROLLED for (size_t r = 0; r < (ROWS); r += 3) {                                                              \
            a[r / 3] = lines->a + r * row;                                                                             \
            __asm__("" : "+r"(a[r / 3]));                                                                              \
        }                                                                                                              \
        UNROLLED for (size_t v = 0; v < (VECTORS); v++) {                                                              \
            const __m512i start = _mm512_maskz_loadu_epi32(used_lanes(columns, v), offsets + v * WIDTH);               \
            UNROLLED for (size_t r = 0; r < (ROWS); r++) sums[r][v] = start;                                           \
        }                                                                                                              \
        _Pragma("clang loop unroll(disable)")                                                                          \
        for (size_t p = lines->steps; p > 0; p--, b += CK_INT8_COLUMNS * NUMBERS) {                                    \
            __m512i values[VECTORS];                                                                                   \
            UNROLLED for (size_t v = 0; v < (VECTORS); v++) values[v] = _mm512_loadu_si512(b + v * WIDTH * NUMBERS);   \
            UNROLLED for (size_t r = 0; r < (ROWS); r++) {                                                             \
                int32_t four;                                                                                          \
                memcpy(&four, a[r / 3] + r % 3 * row, NUMBERS);                                                        \
                UNROLLED for (size_t v = 0; v < (VECTORS); v++)                                                        \
                    sums[r][v] = _mm512_dpbusd_epi32(sums[r][v], _mm512_set1_epi32(four), values[v]);                  \
            }                                                                                                          \
            UNROLLED for (size_t r = 0; r < (ROWS); r += 3) a[r / 3] += NUMBERS;                                       \
        }                                                                                                              \
        UNROLLED for (size_t v = 0; v < (VECTORS); v++) {                                                              \
            const __mmask16 used = used_lanes(columns, v);                                                             \
            const __m512 column_scales = _mm512_maskz_loadu_ps(used, scales + v * WIDTH);                              \
            const __m512 biases = _mm512_maskz_loadu_ps(used, bias + v * WIDTH);                                       \
            /* In the order of its operands, the maximum of NaN stays NaN. */                                          \
            const __m512 lowest = _mm512_set1_ps(lines->has_relu ? 0 : -__builtin_inff());                             \
            UNROLLED for (size_t r = 0; r < (ROWS); r++) {                                                             \
                const __m512 scale = _mm512_mul_ps(_mm512_set1_ps(lines->row_scales[r]), column_scales);               \
                const __m512 y = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r][v]), scale, biases);                       \
                const __mmask16 kept = r < lines->rows ? used : 0;                                                     \
                _mm512_mask_storeu_ps(lines->y + r * lines->stride + v * WIDTH, kept, _mm512_max_ps(lowest, y));       \
            }                                                                                                          \
        }                                                                                                              \
    }

#define TILES(ROWS)                                                                                                    \
    TILE(ROWS, 1)                                                                                                      \
    TILE(ROWS, 2)

TILES(1)
TILES(2)
TILES(4)
TILES(6)
TILES(8)
TILES(10)
TILES(12)
TILES(14)

static const struct {
    size_t rows;
    tile *narrow, *wide;
} tiles[] = {{1, tile_1x1, tile_1x2},    {2, tile_2x1, tile_2x2},    {4, tile_4x1, tile_4x2},    {6, tile_6x1, tile_6x2},
             {8, tile_8x1, tile_8x2},    {10, tile_10x1, tile_10x2}, {12, tile_12x1, tile_12x2}, {14, tile_14x1, tile_14x2}};

static size_t size_of(size_t rows) {
    size_t size = 0;
    while (tiles[size].rows < rows) size++;
    return size;
}

void ck_int8_linear(
    const ck_int8_rows *x, const ck_int8_columns *w, const float *bias, int has_relu, size_t columns, float *y,
    size_t stride) {
    if (x->rows == 0) return;
    const size_t steps = steps_of(x->depth), row = ck_int8_stride(x->depth);
    // As few tiles as possible cover the rows, and none has many less than another.
    const size_t count = (x->rows + CK_INT8_ROWS - 1) / CK_INT8_ROWS;
    const size_t most = tiles[size_of((x->rows + count - 1) / count)].rows;
    // Panels outside: one stays in the first-level cache while the rows go by.
    for (size_t j = 0; j < columns; j += CK_INT8_COLUMNS) {
        const int8_t *panel = w->panels + j * steps * NUMBERS;
        const size_t width = columns - j < CK_INT8_COLUMNS ? columns - j : CK_INT8_COLUMNS;
        for (size_t i = 0; i < x->rows; i += most) {
            const size_t height = x->rows - i < most ? x->rows - i : most, size = size_of(height);
            const lines lines = {
                x->numbers + i * row, row, x->scales + i, height, steps, y + i * stride + j, stride, has_relu};
            tile *tile = width <= WIDTH ? tiles[size].narrow : tiles[size].wide;
            tile(&lines, panel, w->scales + j, w->offsets + j, bias + j, width);
        }
    }
}

#else

// Never called: no other processor is known to have these instructions.
size_t ck_int8_stride(size_t depth) { return depth; }
void ck_int8_quantize(const float *x, size_t rows, size_t depth, uint8_t *numbers, float *scales) { __builtin_trap(); }
void ck_int8_pack(const float *w, size_t columns, size_t depth, int8_t *panels, float *scales, int32_t *offsets) {
    __builtin_trap();
}
void ck_int8_linear(
    const ck_int8_rows *x, const ck_int8_columns *w, const float *bias, int has_relu, size_t columns, float *y,
    size_t stride) {
    __builtin_trap();
}

#endif
