#include "CKernels.h"

// The weights P = softmax(scale Q Kᵀ) of a head, the same after dropout, their gradient, and the panels of an operand:
// where they lie in the scratch memory.
typedef struct {
    float *weights, *dropped, *gradient, *panels;
} places;

static size_t panel_count(ck_gemm_level level, const ck_attention_head *head) {
    const size_t columns = ck_gemm_tile_columns(level), widest = head->keys > head->width ? head->keys : head->width;
    return CK_GEMM_STEPS * ((widest + columns - 1) / columns * columns);
}

size_t ck_attention_scratch(ck_gemm_level level, const ck_attention_head *head) {
    return 3 * head->queries * head->keys + panel_count(level, head);
}

static places places_in(float *scratch, const ck_attention_head *head) {
    const size_t weights = head->queries * head->keys;
    return (places){scratch, scratch + weights, scratch + 2 * weights, scratch + 3 * weights};
}

// C[m, n] = op(A) op(B), where A is [m, k] or transposed, and B is [k, n] or transposed.
static void multiply(
    ck_gemm_level level, size_t m, size_t n, size_t k, const float *a, size_t a_stride, int a_transposed, const float *b,
    size_t b_stride, int b_transposed, float *c, size_t c_stride, float *panels) {
    const size_t lanes = ck_gemm_tile_columns(level), most = ck_gemm_depth(level);
    for (size_t start = 0; start < k; start += most) {
        const size_t depth = k - start < most ? k - start : most;
        ck_gemm_pack(
            level, b_transposed ? b + start : b + start * b_stride, b_stride, b_transposed, lanes, n, depth, panels);
        ck_gemm_block_unpacked(
            level, a_transposed ? a + start * a_stride : a + start, a_stride, a_transposed, panels, m, n, depth, c,
            c_stride, start > 0);
    }
}

// Over all weights as one row.
static void drop(const ck_attention_head *head, const ck_dropout_mask *mask, const float *weights, float *dropped) {
    const size_t count = head->queries * head->keys;
    ck_dropout(weights, dropped, 1, count, count, head->first_tile, 0, mask);
}

static void weights_of(ck_gemm_level level, const ck_attention_head *head, const places *at) {
    multiply(
        level, head->queries, head->keys, head->width, head->q, head->q_stride, 0, head->k, head->kv_stride, 1,
        at->weights, head->keys, at->panels);
    ck_softmax(at->weights, head->queries, head->keys, head->scale);
}

void ck_attention(
    ck_gemm_level level, const ck_attention_head *head, const ck_dropout_mask *mask, float *out, size_t out_stride,
    float *scratch) {
    const places at = places_in(scratch, head);
    weights_of(level, head, &at);
    if (mask) drop(head, mask, at.weights, at.weights);
    multiply(
        level, head->queries, head->width, head->keys, at.weights, head->keys, 0, head->v, head->kv_stride, 0, out,
        out_stride, at.panels);
}

void ck_attention_gradient(
    ck_gemm_level level, const ck_attention_head *head, const ck_dropout_mask *mask, const float *gout,
    size_t gout_stride, float *gq, float *gk, float *gv, float *scratch) {
    const places at = places_in(scratch, head);
    const size_t queries = head->queries, keys = head->keys, width = head->width;
    weights_of(level, head, &at);
    const float *dropped = at.weights;
    if (mask) {
        drop(head, mask, at.weights, at.dropped);
        dropped = at.dropped;
    }
    // dV = P̃ᵀ dO; dP̃ = dO Vᵀ, back through dropout and softmax to dS; dQ = dS K, dK = dSᵀ Q.
    multiply(level, keys, width, queries, dropped, keys, 1, gout, gout_stride, 0, gv, head->kv_stride, at.panels);
    multiply(
        level, queries, keys, width, gout, gout_stride, 0, head->v, head->kv_stride, 1, at.gradient, keys, at.panels);
    if (mask) drop(head, mask, at.gradient, at.gradient);
    ck_softmax_gradient(at.weights, at.gradient, queries, keys, head->scale);
    multiply(level, queries, width, keys, at.gradient, keys, 0, head->k, head->kv_stride, 0, gq, head->q_stride, at.panels);
    multiply(level, keys, width, queries, at.gradient, keys, 1, head->q, head->q_stride, 0, gk, head->kv_stride, at.panels);
}
