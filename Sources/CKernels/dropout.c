#include "CKernels.h"
#include "clones.h"

#include <string.h>

enum { BLOCKS = CK_TILE / 8, HALF = CK_TILE / 2 };

typedef uint64_t lanes __attribute__((vector_size(64)));

enum { LANES = sizeof(lanes) / sizeof(uint64_t) };

// Philox4x32-10 (Salmon et al. 2011) of the counters of a tile, one word of all blocks after another.
//
// Each 32-bit word has a 64-bit lane whose upper half is not looked at, so that a product needs no unpacking.
CK_INLINE void philox_tile(const ck_dropout_mask *mask, uint64_t tile, uint32_t words[4][BLOCKS]) {
    const lanes low = (lanes){} + 0xFFFFFFFFu;
    for (size_t b = 0; b < BLOCKS; b += LANES) {
        const lanes index = tile * BLOCKS + b + (lanes){0, 1, 2, 3, 4, 5, 6, 7};
        lanes c0 = index, c1 = index >> 32, c2 = (lanes){} + mask->operation, c3 = (lanes){} + mask->step;
        uint32_t k0 = mask->key0, k1 = mask->key1;
#pragma clang loop unroll(full)
        for (int round = 0; round < 10; round++) {
            const lanes p0 = (c0 & low) * 0xD2511F53u, p1 = (c2 & low) * 0xCD9E8D57u;
            c0 = (p1 >> 32) ^ c1 ^ k0, c2 = (p0 >> 32) ^ c3 ^ k1;
            c1 = p1, c3 = p0;
            k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
        }
        const lanes words64[4] = {c0, c1, c2, c3};
        for (size_t w = 0; w < 4; w++)
            for (size_t i = 0; i < LANES; i++) words[w][b + i] = (uint32_t)words64[w][i];
    }
}

CK_CLONES void ck_dropout(
    const float *x, float *y, size_t rows, size_t columns, size_t stride, uint64_t first_tile, size_t row_tiles,
    const ck_dropout_mask *mask) {
    uint32_t words[4][BLOCKS];
    const uint32_t *flat = &words[0][0];
    const uint32_t threshold = mask->threshold;
    const float scale = mask->scale;
    for (size_t r = 0; r < rows; r++, x += stride, y += stride, first_tile += row_tiles) {
        for (size_t start = 0; start < columns; start += CK_TILE) {
            philox_tile(mask, first_tile + start / CK_TILE, words);
            for (size_t half = 0; half < 2; half++) {
                const size_t from = start + half * HALF;
                if (from >= columns) break;
                const size_t count = columns - from < HALF ? columns - from : HALF;
                const uint32_t shift = (uint32_t)(16 * half);
                // Not written to y at once: where y is x, the compiler would not use vectors.
                float kept[HALF];
                for (size_t i = 0; i < count; i++) {
                    const uint32_t draw = (flat[i] >> shift) & 0xFFFF;
                    kept[i] = draw < threshold ? x[from + i] * scale : 0;
                }
                memcpy(y + from, kept, count * sizeof(float));
            }
        }
    }
}
