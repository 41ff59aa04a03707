#include "CKernels.h"
#include "exponential.h"

// Rows of no more numbers together stay in the first-level cache from step to step.
enum { BLOCK = 2048 };

enum { LANES = 16 };

// The largest of a row, in lanes: a compiler has to keep the order of comparisons, as long as there may be NaN.
CK_INLINE float largest_of(const float *row, size_t columns) {
    float largest = row[0];
    size_t c = 0;
    if (columns >= LANES) {
        float lanes[LANES];
        for (size_t l = 0; l < LANES; l++) lanes[l] = row[l];
        for (c = LANES; c + LANES <= columns; c += LANES)
            for (size_t l = 0; l < LANES; l++) lanes[l] = row[c + l] > lanes[l] ? row[c + l] : lanes[l];
        for (size_t l = 0; l < LANES; l++) largest = lanes[l] > largest ? lanes[l] : largest;
    }
    for (; c < columns; c++) largest = row[c] > largest ? row[c] : largest;
    return largest;
}

CK_CLONES void ck_softmax(float *s, size_t rows, size_t columns, float scale) {
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
