#pragma once

#include <stddef.h>
#include <stdint.h>

// The vector loops of the engine that measurably need C: float reductions (which Swift may not reassociate),
// exponentials and counter-based random numbers. All arrays are float32 and row-major; none of these functions
// allocates, and none splits work over threads: the caller does, at boundaries it chooses by shape.

// Dropout with keep probability threshold / 65536, where a kept element is multiplied by scale.
//
// The mask is a function of the element's place alone: the elements of a row come in tiles of CK_TILE, and each row starts
// a tile; tile t draws the 16 Philox4x32-10 blocks with counter (16 t + b, operation, step) and key (key0, key1). Within a
// tile, element 64 h + 16 w + b takes the h-th 16-bit half of word w of block b.
enum { CK_TILE = 128 };

typedef struct {
    uint32_t key0, key1;
    uint32_t operation, step;
    uint32_t threshold;
    float scale;
} ck_dropout_mask;

// y[r, c] = kept(r, c) ? x[r, c] * scale : 0 for rows that are `stride` apart, of x and of y, which may be the same; the
// first row starts with tile first_tile, and each row has its tiles row_tiles after those of the one before.
void ck_dropout(
    const float *x, float *y, size_t rows, size_t columns, size_t stride, uint64_t first_tile, size_t row_tiles,
    const ck_dropout_mask *mask);

// y[r, c] += bias[c], for rows that are `stride` apart.
void ck_add_bias(float *y, const float *bias, size_t rows, size_t columns, size_t stride);

// y[r, c] = max(0, y[r, c] + bias[c]), likewise.
void ck_add_bias_relu(float *y, const float *bias, size_t rows, size_t columns, size_t stride);

// gx[i] = y[i] > 0 ? gy[i] * scale : 0: the gradient of dropout(relu(x)) from its output.
void ck_relu_gradient(const float *y, const float *gy, float *gx, float scale, size_t n);

// sum[c] += Σ_r x[r, c].
void ck_add_column_sums(const float *x, float *sum, size_t rows, size_t columns);

// y[i] += x[i].
void ck_add(const float *x, float *y, size_t n);

// y[i] = a[i] + b[i].
void ck_sum(const float *a, const float *b, float *y, size_t n);

// Σ a[i] b[i].
float ck_dot(const float *a, const float *b, size_t n);

// Σ x[i]², in double precision.
double ck_sum_of_squares(const float *x, size_t n);

// x[i] *= a.
void ck_scale(float a, float *x, size_t n);

// y[i] = a x[i], multiplied in double precision.
void ck_scaled(double a, const float *x, float *y, size_t n);

// y[i] = x[i] rounded to bfloat16, halves to even.
void ck_round_bfloat16(const float *x, uint16_t *y, size_t n);

// y[i] += a x[i].
void ck_axpy(float a, const float *x, float *y, size_t n);

// Layer normalisation over rows. Writes y = gain ∘ x̂ + bias, the normalised rows x̂ (over x, in place), and
// 1 / σ per row. Where only y is wanted, y may be x, and inverse_deviation null.
void ck_layer_norm(
    float *x, const float *gain, const float *bias, float *y, float *inverse_deviation, size_t rows, size_t columns,
    float epsilon);

// Gradient of layer normalisation: gx from gy, and gain and bias gradients added to sums.
void ck_layer_norm_gradient(
    const float *normalized, const float *inverse_deviation, const float *gain, const float *gy, float *gx,
    float *gain_gradient, float *bias_gradient, size_t rows, size_t columns);

// Softmax over each row of scale * s, in place.
void ck_softmax(float *s, size_t rows, size_t columns, float scale);

// gs = scale * p ∘ (gp − Σ_c gp p), in place over gp.
void ck_softmax_gradient(const float *p, float *gp, size_t rows, size_t columns, float scale);

// One time step of an LSTM, whose gates are stacked as input, forget, cell, output. On entry, gates [rows, 4 width]
// hold the sums over input and previous state without bias; on return, the activated gates. Writes the cell states
// from those before, and hidden = output ∘ tanh(cell).
void ck_lstm_step(
    float *gates, const float *bias, const float *cell_before, float *cell, float *hidden, size_t rows, size_t width);

// Gradient of a step from its activated gates and both cell states: writes that of the sums, and turns gcell, that of
// the cell states, into that of the cell states before.
void ck_lstm_step_gradient(
    const float *gates, const float *cell_before, const float *cell, const float *ghidden, float *gcell, float *gsums,
    size_t rows, size_t width);

// Matrix products are computed tile by tile of C; a tile is what the vector registers of a level hold at once. B is packed
// beforehand into panels, so that a tile reads it in order. All of a level multiply in float32 but for the last, which
// rounds A and B to bfloat16, two of which make a value of 32 bits, and accumulate in float32.
typedef enum { CK_GEMM_NARROW, CK_GEMM_AVX2, CK_GEMM_AVX512, CK_GEMM_AVX512_BF16 } ck_gemm_level;

// The rows and columns of a tile.
size_t ck_gemm_tile_rows(ck_gemm_level level);
size_t ck_gemm_tile_columns(ck_gemm_level level);

// The values that a depth takes up, the most of a panel, and the depth that takes up those.
size_t ck_gemm_steps(ck_gemm_level level, size_t depth);
enum { CK_GEMM_STEPS = 256 };
size_t ck_gemm_depth(ck_gemm_level level);

// Packs the axis of `count` lines of a matrix into panels of `lanes` lines, one panel after another: panel[p * lanes + i]
// is value p of line i, and 0 past the last line. The elements of a line are `stride` apart; with `across`, it is the
// lines that are `stride` apart, and the elements of a line lie side by side.
void ck_gemm_pack(
    ck_gemm_level level, const float *x, size_t stride, int across, size_t lanes, size_t count, size_t depth,
    float *panels);

// C[rows, columns] = A B, or += with `accumulate`, from A, [rows, depth] or transposed, and panels of B's columns as wide as a
// tile. The terms of an element are added in the order of the depth, wherever in a tile it lies. `copy` takes the values
// of A with as many rows as whole tiles have.
void ck_gemm_block(
    ck_gemm_level level, const float *a, size_t a_stride, int a_transposed, const float *b, size_t rows, size_t columns,
    size_t depth, float *c, size_t stride, int accumulate, float *copy);

// The same from A where it lies: quicker where C has few columns, and as long as neighbouring values of the depth do not
// lie far apart.
void ck_gemm_block_unpacked(
    ck_gemm_level level, const float *a, size_t a_stride, int a_transposed, const float *b, size_t rows, size_t columns,
    size_t depth, float *c, size_t stride, int accumulate);

// Linear layers in 8 bits, for processors with AVX512-VNNI. The weights of a column are whole numbers from -127 to 127 times
// a scale of the column, and the features of a row likewise, but stored with 128 added. Sums of their products are exact in
// 32 bits, up to this depth, so that an element depends on nothing but its row and its column.
enum { CK_INT8_ROWS = 14, CK_INT8_COLUMNS = 32, CK_INT8_DEPTH = 65536 };

// The bytes from row to row of quantized features. Some rows past the last are read, fewer than CK_INT8_ROWS, and their scales.
size_t ck_int8_stride(size_t depth);

// Quantizes rows of `depth` features that lie one after another. The largest magnitude of a row becomes 127; one that is
// not finite makes the scale NaN, and a row of magnitudes below 2^-100 is one of zeros.
void ck_int8_quantize(const float *x, size_t rows, size_t depth, uint8_t *numbers, float *scales);

// Quantizes the transpose of w [columns, depth] likewise, into panels of CK_INT8_COLUMNS columns, which hold four numbers of
// the depth for each column, one after another; `panels` hold zeros before. An offset is what the 128 adds to a column's
// sums, negated.
void ck_int8_pack(const float *w, size_t columns, size_t depth, int8_t *panels, float *scales, int32_t *offsets);

typedef struct {
    const uint8_t *numbers;
    const float *scales;
    size_t rows, depth;
} ck_int8_rows;

// From the first column of a panel on.
typedef struct {
    const int8_t *panels;
    const float *scales;
    const int32_t *offsets;
} ck_int8_columns;

// y[rows, columns] = activation(x w + bias), with rows of y `stride` apart.
void ck_int8_linear(
    const ck_int8_rows *x, const ck_int8_columns *w, const float *bias, int has_relu, size_t columns, float *y,
    size_t stride);

// One head of one clip of scaled dot-product attention: rows of Q [queries, width], and of K and V [keys, width], each at
// least 1, which lie in matrices with rows `q_stride` and `kv_stride` apart. The mask of the weights starts at
// `first_tile`.
typedef struct {
    const float *q, *k, *v;
    size_t q_stride, kv_stride;
    size_t queries, keys, width;
    float scale;
    uint64_t first_tile;
} ck_attention_head;

// The floats that the two functions below need.
size_t ck_attention_scratch(ck_gemm_level level, const ck_attention_head *head);

// out = dropout(softmax(scale Q Kᵀ)) V; without dropout where `mask` is null.
void ck_attention(
    ck_gemm_level level, const ck_attention_head *head, const ck_dropout_mask *mask, float *out, size_t out_stride,
    float *scratch);

// The gradients of Q, K and V, with the strides of Q, K and V; the weights are computed again.
void ck_attention_gradient(
    ck_gemm_level level, const ck_attention_head *head, const ck_dropout_mask *mask, const float *gout,
    size_t gout_stride, float *gq, float *gk, float *gv, float *scratch);

// One AdamW step (Loshchilov & Hutter 2019, algorithm 2) over n elements; the corrections are 1 − β₁ᵗ and
// 1 − β₂ᵗ.
void ck_adamw(
    float *parameter, const float *gradient, float *first_moment, float *second_moment, size_t n, float learning_rate,
    float beta1, float beta2, float epsilon, float weight_decay, float correction1, float correction2);
