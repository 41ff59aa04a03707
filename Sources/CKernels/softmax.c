#include "CKernels.h"
#include "exponential.h"

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
