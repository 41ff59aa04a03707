#include "CKernels.h"
#include "clones.h"

#include <math.h>

// e^x for x <= 0 to about 2 units in the last place: 2^n times a polynomial in the remainder (Cephes, expf).
CK_INLINE float exponential(float x) {
#pragma clang fp contract(fast)
    x = x < -87.0f ? -87.0f : x;
    const float n = __builtin_rintf(x * 1.44269504088896341f);
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    union {
        int32_t i;
        float f;
    } power = {((int32_t)n + 127) << 23};
    return p * power.f;
}

CK_CLONES void ck_softmax(float *s, size_t rows, size_t columns, float scale) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t r = 0; r < rows; r++) {
        float *row = s + r * columns;
        float largest = row[0];
        for (size_t c = 1; c < columns; c++) largest = row[c] > largest ? row[c] : largest;
        float sum = 0;
        for (size_t c = 0; c < columns; c++) {
            row[c] = exponential((row[c] - largest) * scale);
            sum += row[c];
        }
        const float inverse = 1 / sum;
        for (size_t c = 0; c < columns; c++) row[c] *= inverse;
    }
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
