// A C face of simdjson's document object model: one parser, values of its last document, and matrices read in one go.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csj_parser csj_parser;

// A value of the parser's last document; void as soon as the parser reads another one.
typedef struct {
    const void *document;
    size_t index;
} csj_value;

typedef enum { csj_null, csj_bool, csj_number, csj_string, csj_array, csj_object } csj_kind;

// A walk over the members of an object or the elements of an array.
typedef struct {
    csj_value position;
    csj_value end;
} csj_cursor;

typedef enum {
    csj_matrix_good,
    csj_matrix_not_array,    // a row is not an array
    csj_matrix_ragged,       // a row has another number of columns
    csj_matrix_not_number,   // an element is not a number
    csj_matrix_not_finite    // an element does not fit a float
} csj_matrix_fault;

typedef enum { csj_good, csj_malformed, csj_too_deep, csj_too_large, csj_out_of_memory } csj_status;

// NULL when memory is out. Documents longer than `capacity` bytes or nested deeper than `depth` are refused.
csj_parser *csj_parser_create(size_t capacity, size_t depth);
void csj_parser_destroy(csj_parser *parser);

// Copies the bytes into the parser's own padded buffer and reads them. With `takes_matrices`, arrays of arrays of numbers
// are read straight into floats, several times as fast, and the bytes must stay where they are as long as the values.
csj_status csj_parse(csj_parser *parser, const void *bytes, size_t count, bool takes_matrices, csj_value *root);
// Bytes of the longest document that was read so far, which is what the parser's buffers are made for.
size_t csj_parser_longest(const csj_parser *parser);

// Whether a string of the text may hold half of a surrogate pair, which not every simdjson refuses.
bool csj_has_surrogates(const void *bytes, size_t count);

// Puts other numbers in the place of some of the last document's: `ordinals` count its numbers from 0 and ascend.
void csj_replace_numbers(csj_parser *parser, const size_t *ordinals, const double *numbers, size_t count);

csj_kind csj_value_kind(csj_value value);
bool csj_value_bool(csj_value value);
double csj_value_number(csj_value value);
// Whether a number is written without fraction and exponent and fits.
bool csj_value_integer(csj_value value, int64_t *number);
bool csj_value_unsigned(csj_value value, uint64_t *number);
// UTF-8, not terminated; lives as long as the value.
const char *csj_value_string(csj_value value, size_t *count);

csj_cursor csj_elements(csj_value array);
bool csj_next_element(csj_cursor *cursor, csj_value *element);
csj_cursor csj_members(csj_value object);
bool csj_next_member(csj_cursor *cursor, const char **key, size_t *key_count, csj_value *member);

// The shape of an array of arrays: columns are the first row's. On a fault, `fault_row` says where.
csj_matrix_fault csj_matrix_shape(csj_value array, size_t *rows, size_t *columns, size_t *fault_row,
                                  size_t *fault_columns);
// Writes a matrix whose shape csj_matrix_shape found good. On a fault, row and column say where.
csj_matrix_fault csj_matrix_read(csj_value array, float *values, size_t *fault_row, size_t *fault_column);
// Writes an array of numbers of `capacity` elements. On a fault, column says where.
csj_matrix_fault csj_row_read(csj_value array, float *values, size_t capacity, size_t *fault_column);
size_t csj_element_count(csj_value array);

#ifdef __cplusplus
}
#endif
