#include "CKernels.h"
#include "clones.h"

#include <math.h>

CK_CLONES void ck_adamw(
    float *parameter, const float *gradient, float *first_moment, float *second_moment, size_t n, float learning_rate,
    float beta1, float beta2, float epsilon, float weight_decay, float correction1, float correction2) {
    const float keep = 1 - learning_rate * weight_decay;
    const float step = learning_rate / correction1;
    const float root = sqrtf(correction2);
    for (size_t i = 0; i < n; i++) {
        const float g = gradient[i];
        const float m = beta1 * first_moment[i] + (1 - beta1) * g;
        const float v = beta2 * second_moment[i] + (1 - beta2) * g * g;
        first_moment[i] = m;
        second_moment[i] = v;
        parameter[i] = parameter[i] * keep - step * m / (sqrtf(v) / root + epsilon);
    }
}
