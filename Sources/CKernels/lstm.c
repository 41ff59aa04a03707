#include "CKernels.h"
#include "exponential.h"

#include <math.h>

CK_INLINE float logistic(float x) {
    const float e = exponential(-fabsf(x));
    return (x < 0 ? e : 1) / (1 + e);
}

// Off by about 1e-7, however small x is: near 0 not exact relative to x.
CK_INLINE float hyperbolic_tangent(float x) {
    const float e = exponential(-2 * fabsf(x));
    return copysignf((1 - e) / (1 + e), x);
}

// The gates of a row lie one after another and do not overlap. The compiler's own check of that looks at all rows at
// once, where they do, and falls back to a loop without vectors that takes six times as long; hence the pragmas.
CK_CLONES void ck_lstm_step(
    float *gates, const float *bias, const float *cell_before, float *cell, float *hidden, size_t rows, size_t width) {
#pragma clang fp contract(fast)
    for (size_t r = 0; r < rows; r++) {
        float *row = gates + r * 4 * width;
        const float *before = cell_before + r * width;
        float *after = cell + r * width, *out = hidden + r * width;
#pragma clang loop vectorize(assume_safety)
        for (size_t c = 0; c < width; c++) {
            const float i = logistic(row[c] + bias[c]);
            const float f = logistic(row[width + c] + bias[width + c]);
            const float g = hyperbolic_tangent(row[2 * width + c] + bias[2 * width + c]);
            const float o = logistic(row[3 * width + c] + bias[3 * width + c]);
            row[c] = i, row[width + c] = f, row[2 * width + c] = g, row[3 * width + c] = o;
            after[c] = f * before[c] + i * g;
            out[c] = o * hyperbolic_tangent(after[c]);
        }
    }
}

CK_CLONES void ck_lstm_step_gradient(
    const float *gates, const float *cell_before, const float *cell, const float *ghidden, float *gcell, float *gsums,
    size_t rows, size_t width) {
#pragma clang fp contract(fast)
    for (size_t r = 0; r < rows; r++) {
        const float *row = gates + r * 4 * width, *before = cell_before + r * width, *after = cell + r * width;
        const float *gout = ghidden + r * width;
        float *carried = gcell + r * width, *sums = gsums + r * 4 * width;
#pragma clang loop vectorize(assume_safety)
        for (size_t c = 0; c < width; c++) {
            const float i = row[c], f = row[width + c], g = row[2 * width + c], o = row[3 * width + c];
            const float t = hyperbolic_tangent(after[c]);
            const float gc = carried[c] + gout[c] * o * (1 - t * t);
            sums[c] = gc * g * i * (1 - i);
            sums[width + c] = gc * before[c] * f * (1 - f);
            sums[2 * width + c] = gc * i * (1 - g * g);
            sums[3 * width + c] = gout[c] * t * o * (1 - o);
            carried[c] = gc * f;
        }
    }
}
