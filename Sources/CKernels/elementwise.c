#include "CKernels.h"
#include "clones.h"

CK_CLONES void ck_add_bias(float *y, const float *bias, size_t rows, size_t columns, size_t stride) {
    for (size_t r = 0; r < rows; r++) {
        float *row = y + r * stride;
        for (size_t c = 0; c < columns; c++) row[c] += bias[c];
    }
}

CK_CLONES void ck_add_bias_relu(float *y, const float *bias, size_t rows, size_t columns, size_t stride) {
    for (size_t r = 0; r < rows; r++) {
        float *row = y + r * stride;
        for (size_t c = 0; c < columns; c++) {
            float v = row[c] + bias[c];
            // Written so that a NaN stays a NaN.
            row[c] = v < 0 ? 0 : v;
        }
    }
}

CK_CLONES void ck_relu_gradient(const float *y, const float *gy, float *gx, float scale, size_t n) {
    for (size_t i = 0; i < n; i++) gx[i] = y[i] > 0 ? gy[i] * scale : 0;
}

CK_CLONES void ck_add_column_sums(const float *x, float *sum, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * columns;
        for (size_t c = 0; c < columns; c++) sum[c] += row[c];
    }
}

CK_CLONES void ck_add(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += x[i];
}

CK_CLONES void ck_sum(const float *a, const float *b, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

CK_CLONES float ck_dot(const float *a, const float *b, size_t n) {
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

CK_CLONES double ck_sum_of_squares(const float *x, size_t n) {
#pragma clang fp reassociate(on) contract(fast)
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
    return sum;
}

CK_CLONES void ck_scale(float a, float *x, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] *= a;
}

CK_CLONES void ck_scaled(double a, const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = (float)(a * x[i]);
}

CK_CLONES void ck_round_bfloat16(const float *x, uint16_t *y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = __builtin_bit_cast(uint32_t, x[i]);
        const uint32_t rounded = bits + 0x7FFF + (bits >> 16 & 1);
        // A NaN must not be rounded to infinity.
        y[i] = (uint16_t)((x[i] != x[i] ? bits | 0x400000 : rounded) >> 16);
    }
}

CK_CLONES void ck_axpy(float a, const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}
