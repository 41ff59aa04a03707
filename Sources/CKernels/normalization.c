#include "CKernels.h"
#include "clones.h"

#include <math.h>

CK_CLONES void ck_layer_norm(
    float *x, const float *gain, const float *bias, float *y, float *inverse_deviation, size_t rows, size_t columns,
    float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * columns, *out = y + r * columns;
        float sum = 0;
        for (size_t c = 0; c < columns; c++) sum += row[c];
        const float mean = sum / (float)columns;
        float squares = 0;
        for (size_t c = 0; c < columns; c++) {
            row[c] -= mean;
            squares += row[c] * row[c];
        }
        const float inverse = 1 / sqrtf(squares / (float)columns + epsilon);
        if (inverse_deviation) inverse_deviation[r] = inverse;
        // Both may be the same.
#pragma clang loop vectorize(assume_safety)
        for (size_t c = 0; c < columns; c++) {
            row[c] *= inverse;
            out[c] = row[c] * gain[c] + bias[c];
        }
    }
}

CK_CLONES void ck_layer_norm_gradient(
    const float *normalized, const float *inverse_deviation, const float *gain, const float *gy, float *gx,
    float *gain_gradient, float *bias_gradient, size_t rows, size_t columns) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t r = 0; r < rows; r++) {
        const float *xhat = normalized + r * columns, *g = gy + r * columns;
        float *out = gx + r * columns;
        float sum = 0, projection = 0;
        for (size_t c = 0; c < columns; c++) {
            const float gc = g[c] * gain[c];
            sum += gc;
            projection += gc * xhat[c];
            gain_gradient[c] += g[c] * xhat[c];
            bias_gradient[c] += g[c];
        }
        sum /= (float)columns, projection /= (float)columns;
        const float inverse = inverse_deviation[r];
        for (size_t c = 0; c < columns; c++) {
            out[c] = (g[c] * gain[c] - sum - xhat[c] * projection) * inverse;
        }
    }
}
