#pragma once

#include "clones.h"

#include <stdint.h>

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
