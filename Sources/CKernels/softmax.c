#include "CKernels.h"
#include "exponential.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Rows of no more numbers together stay in the first-level cache from step to step.
enum { BLOCK = 2048 };

// Of the widest vectors.
enum { WIDTH = 16 };

#if defined(__x86_64__)

#define AVX512 __attribute__((target("avx512f")))

// As exponential() does.
AVX512 CK_INLINE __m512 exponentials(__m512 x) {
    // In this order, a NaN stays a NaN.
    x = _mm512_max_ps(_mm512_set1_ps(-87.0f), x);
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341f)), 0);
    const __m512 r = _mm512_fmadd_ps(
        n, _mm512_set1_ps(2.12194440e-4f), _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x));
    __m512 p = _mm512_set1_ps(1.9875691500e-4f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
    p = _mm512_fmadd_ps(p, _mm512_mul_ps(r, r), _mm512_add_ps(r, _mm512_set1_ps(1)));
    return _mm512_scalef_ps(p, n);
}

enum { TOGETHER = 4, MOST_VECTORS = 4 };

// Rows of so many vectors, some together, in registers from end to end: a compiler's loops would have most of a vector left
// over at the end of each row.
AVX512 CK_INLINE void softmax_short(float *s, size_t rows, size_t columns, float factor, const size_t vectors) {
    const __m512 lowest = _mm512_set1_ps(-__builtin_inff()), scale = _mm512_set1_ps(factor);
    const __mmask16 last = 0xFFFF >> (vectors * WIDTH - columns);
    for (size_t start = 0; start < rows; start += TOGETHER, s += TOGETHER * columns) {
        __m512 x[TOGETHER][MOST_VECTORS];
        for (size_t r = 0; r < TOGETHER; r++)
            for (size_t v = 0; v < vectors; v++) {
                const __mmask16 used = start + r < rows ? v + 1 < vectors ? 0xFFFF : last : 0;
                x[r][v] = _mm512_mask_loadu_ps(lowest, used, s + r * columns + v * WIDTH);
            }
        for (size_t r = 0; r < TOGETHER; r++) {
            __m512 most = x[r][0], sum = _mm512_setzero_ps();
            for (size_t v = 1; v < vectors; v++) most = _mm512_max_ps(most, x[r][v]);
            most = _mm512_set1_ps(_mm512_reduce_max_ps(most));
            for (size_t v = 0; v < vectors; v++) {
                x[r][v] = exponentials(_mm512_mul_ps(_mm512_sub_ps(x[r][v], most), scale));
                if (v + 1 == vectors) x[r][v] = _mm512_maskz_mov_ps(last, x[r][v]);
                sum = _mm512_add_ps(sum, x[r][v]);
            }
            const __m512 inverse = _mm512_set1_ps(1 / _mm512_reduce_add_ps(sum));
            for (size_t v = 0; v < vectors; v++) x[r][v] = _mm512_mul_ps(x[r][v], inverse);
        }
        for (size_t r = 0; r < TOGETHER && start + r < rows; r++)
            for (size_t v = 0; v < vectors; v++)
                _mm512_mask_storeu_ps(s + r * columns + v * WIDTH, v + 1 < vectors ? 0xFFFF : last, x[r][v]);
    }
}

// Of 2 to 4 vectors.
AVX512 static void softmax_by_vectors(float *s, size_t rows, size_t columns, float scale) {
    switch ((columns + WIDTH - 1) / WIDTH) {
    case 2: return softmax_short(s, rows, columns, scale, 2);
    case 3: return softmax_short(s, rows, columns, scale, 3);
    default: return softmax_short(s, rows, columns, scale, 4);
    }
}

#endif

// The largest of a row, in lanes: a compiler has to keep the order of comparisons, as long as there may be NaN.
CK_INLINE float largest_of(const float *row, size_t columns) {
    float largest = row[0];
    size_t c = 0;
    if (columns >= WIDTH) {
        float lanes[WIDTH];
        for (size_t l = 0; l < WIDTH; l++) lanes[l] = row[l];
        for (c = WIDTH; c + WIDTH <= columns; c += WIDTH)
            for (size_t l = 0; l < WIDTH; l++) lanes[l] = row[c + l] > lanes[l] ? row[c + l] : lanes[l];
        for (size_t l = 0; l < WIDTH; l++) largest = lanes[l] > largest ? lanes[l] : largest;
    }
    for (; c < columns; c++) largest = row[c] > largest ? row[c] : largest;
    return largest;
}

CK_CLONES static void softmax_anywhere(float *s, size_t rows, size_t columns, float scale) {
#pragma clang fp reassociate(on) contract(fast)
    const size_t most = columns < BLOCK ? BLOCK / columns : 1;
    for (size_t start = 0; start < rows; start += most, s += most * columns) {
        const size_t count = rows - start < most ? rows - start : most;
        for (size_t r = 0; r < count; r++) {
            float *row = s + r * columns;
            const float largest = largest_of(row, columns);
            for (size_t c = 0; c < columns; c++) row[c] = (row[c] - largest) * scale;
        }
        // Over all rows at once, since vectors are wider than short rows.
        for (size_t i = 0; i < count * columns; i++) s[i] = exponential(s[i]);
        for (size_t r = 0; r < count; r++) {
            float *row = s + r * columns;
            float sum = 0;
            for (size_t c = 0; c < columns; c++) sum += row[c];
            const float inverse = 1 / sum;
            for (size_t c = 0; c < columns; c++) row[c] *= inverse;
        }
    }
}

void ck_softmax(float *s, size_t rows, size_t columns, float scale) {
#if defined(__x86_64__)
    if (columns > WIDTH && columns <= MOST_VECTORS * WIDTH && __builtin_cpu_supports("avx512f"))
        return softmax_by_vectors(s, rows, columns, scale);
#endif
    softmax_anywhere(s, rows, columns, scale);
}

CK_CLONES void ck_softmax_gradient(const float *p, float *gp, size_t rows, size_t columns, float scale) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t r = 0; r < rows; r++) {
        const float *weights = p + r * columns;
        float *row = gp + r * columns;
        float sum = 0;
        for (size_t c = 0; c < columns; c++) sum += weights[c] * row[c];
        for (size_t c = 0; c < columns; c++) row[c] = weights[c] * (row[c] - sum) * scale;
    }
}
