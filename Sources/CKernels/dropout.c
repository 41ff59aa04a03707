#include "CKernels.h"
#include "clones.h"

enum { BLOCKS = 64 };

// Philox4x32-10 (Salmon et al. 2011) of 64 consecutive counters, one word of all blocks after another, so that
// the compiler computes several blocks in one vector.
CK_INLINE void philox_tile(const ck_dropout_mask *mask, uint64_t tile, uint32_t words[4][BLOCKS]) {
    for (size_t b = 0; b < BLOCKS; b++) {
        uint64_t index = tile * BLOCKS + b;
        uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32), c2 = mask->operation, c3 = mask->step;
        uint32_t k0 = mask->key0, k1 = mask->key1;
#pragma clang loop unroll(full)
        for (int round = 0; round < 10; round++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
            uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c1 = (uint32_t)p1, c3 = (uint32_t)p0, c0 = n0, c2 = n2;
            k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
        }
        words[0][b] = c0, words[1][b] = c1, words[2][b] = c2, words[3][b] = c3;
    }
}

CK_CLONES void ck_dropout(const float *x, float *y, size_t n, uint64_t first_tile, const ck_dropout_mask *mask) {
    uint32_t words[4][BLOCKS];
    const uint32_t threshold = mask->threshold;
    const float scale = mask->scale;
    for (size_t start = 0; start < n; start += CK_TILE) {
        philox_tile(mask, first_tile + start / CK_TILE, words);
        const uint32_t *flat = &words[0][0];
        for (size_t half = 0; half < 2; half++) {
            size_t from = start + half * (CK_TILE / 2);
            if (from >= n) break;
            size_t count = n - from < CK_TILE / 2 ? n - from : CK_TILE / 2;
            const uint32_t shift = (uint32_t)(16 * half);
            for (size_t i = 0; i < count; i++) {
                uint32_t draw = (flat[i] >> shift) & 0xFFFF;
                y[from + i] = draw < threshold ? x[from + i] * scale : 0;
            }
        }
    }
}
