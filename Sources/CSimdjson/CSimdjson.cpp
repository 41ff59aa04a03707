#include "CSimdjson.h"

#include "Matrices.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <simdjson.h>
#include <type_traits>

using namespace simdjson;

struct csj_parser {
    dom::parser parser;
    const size_t depth;
    size_t longest = 0;
    Matrices matrices;
    csj_parser(size_t capacity, size_t depth) : parser(capacity), depth(depth) {}
};

namespace {

// simdjson's handles are two words, (document, position), which lets them cross the C interface by value.
template <typename Handle> csj_value pack(const Handle &handle) {
    static_assert(sizeof(Handle) == sizeof(csj_value) && std::is_trivially_copyable<Handle>::value, "two words");
    csj_value value;
    std::memcpy(&value, &handle, sizeof value);
    return value;
}

template <typename Handle> Handle unpack(const csj_value &value) {
    static_assert(sizeof(Handle) == sizeof(csj_value) && std::is_trivially_copyable<Handle>::value, "two words");
    Handle handle;
    std::memcpy(static_cast<void *>(&handle), &value, sizeof value);
    return handle;
}

// A tape is a word for each value, and a second one for each number; the upper byte of the first word is its type, the
// other bytes of the very first one hold where the tape ends.
// https://github.com/simdjson/simdjson/blob/master/doc/tape.md
constexpr uint64_t payload = 0x00FFFFFFFFFFFFFF;

char type_of(uint64_t word) { return static_cast<char>(word >> 56); }

bool is_number(uint64_t word) {
    const char type = type_of(word);
    return type == 'l' || type == 'u' || type == 'd';
}

// Has the `null` that stands for each matrix point to it, which simdjson does not look at.
void point_to_matrices(dom::document &document, std::vector<Matrix> &matrices) {
    uint64_t *tape = document.tape.get();
    const size_t end = static_cast<size_t>(tape[0] & payload);
    auto next = matrices.begin();
    for (size_t index = 1, nulls = 0; index < end && next != matrices.end(); ++index) {
        if (type_of(tape[index]) == 'n' && nulls++ == next->ordinal) {
            const auto address = reinterpret_cast<uintptr_t>(&*next++);
            tape[index] |= address & payload;
        }
        if (is_number(tape[index])) ++index;
    }
}

// The matrix that a value is, if it was taken out.
Matrix *matrix_of(const csj_value &value) {
    const uint64_t word = static_cast<const dom::document *>(value.document)->tape[value.index];
    return type_of(word) == 'n' ? reinterpret_cast<Matrix *>(static_cast<uintptr_t>(word & payload)) : nullptr;
}

dom::array array_of(const csj_value &value) {
    dom::array array;
    Matrix *matrix = matrix_of(value);
    if (!matrix) {
        (void)unpack<dom::element>(value).get(array);
        return array;
    }
    if (!matrix->parser) {
        matrix->parser.reset(new (std::nothrow) dom::parser());
        dom::element root;
        // It was read before, as a matrix: only memory can be wanting, and without it nothing goes on.
        if (!matrix->parser || matrix->parser->parse(matrix->text.data(), matrix->text.size()).get(root) != SUCCESS)
            std::abort();
    }
    (void)matrix->parser->doc.root().get(array);
    return array;
}

// simdjson keeps 24 bits for the number of elements; an array with more is counted.
constexpr size_t saturated = 0xFFFFFF;

size_t count_elements(dom::array array) {
    size_t count = array.size();
    if (count < saturated) return count;
    count = 0;
    for (dom::element element : array) {
        (void)element;
        ++count;
    }
    return count;
}

csj_matrix_fault read_row(dom::array row, float *values, size_t capacity, size_t *fault_column) {
    size_t column = 0;
    for (dom::element element : row) {
        if (column == capacity) return csj_matrix_ragged;
        double number;
        if (element.get(number) != SUCCESS) {
            *fault_column = column;
            return csj_matrix_not_number;
        }
        const float narrow = static_cast<float>(number);
        if (!std::isfinite(narrow)) {
            *fault_column = column;
            return csj_matrix_not_finite;
        }
        values[column++] = narrow;
    }
    return csj_matrix_good;
}

}  // namespace

csj_parser *csj_parser_create(size_t capacity, size_t depth) {
    csj_parser *parser = new (std::nothrow) csj_parser(capacity, depth);
    // The depth is kept when the buffers grow later.
    if (parser && parser->parser.allocate(0, depth) != SUCCESS) {
        delete parser;
        return nullptr;
    }
    return parser;
}

void csj_parser_destroy(csj_parser *parser) { delete parser; }

csj_status csj_parse(csj_parser *parser, const void *bytes, size_t count, bool takes_matrices, csj_value *root) try {
    parser->longest = std::max(parser->longest, count);
    std::string_view text(static_cast<const char *>(bytes), count);
    Matrices &matrices = parser->matrices;
    matrices.all.clear();
    if (takes_matrices) {
        matrices.take(text, parser->depth - 1);
        matrices.rest.reserve(matrices.rest.size() + SIMDJSON_PADDING);
        text = matrices.rest;
    }
    dom::element element;
    switch (parser->parser.parse(text.data(), text.size(), !takes_matrices).get(element)) {
    case SUCCESS:
        point_to_matrices(parser->parser.doc, matrices.all);
        *root = pack(element);
        return csj_good;
    case DEPTH_ERROR: return csj_too_deep;
    case CAPACITY: return csj_too_large;
    case MEMALLOC: return csj_out_of_memory;
    default: return csj_malformed;
    }
} catch (const std::bad_alloc &) {
    return csj_out_of_memory;
}

size_t csj_parser_longest(const csj_parser *parser) { return parser->longest; }

bool csj_has_surrogates(const void *bytes, size_t count) {
    const char *at = static_cast<const char *>(bytes);
    const char *const end = at + count;
    // A text without escapes, as clips are, is passed at the speed of memory.
    while (at < end && (at = static_cast<const char *>(std::memchr(at, '\\', static_cast<size_t>(end - at))))) {
        if (end - at >= 4 && at[1] == 'u' && (at[2] | 0x20) == 'd' && at[3] >= '8') return true;
        at += 2;
    }
    return false;
}

void csj_replace_numbers(csj_parser *parser, const size_t *ordinals, const double *numbers, size_t count) {
    uint64_t *tape = parser->parser.doc.tape.get();
    const size_t end = static_cast<size_t>(tape[0] & payload);
    size_t ordinal = 0;
    for (size_t index = 1, next = 0; index < end && next < count; ++index) {
        if (!is_number(tape[index])) continue;
        if (ordinal++ == ordinals[next]) {
            tape[index] = uint64_t('d') << 56;
            std::memcpy(&tape[index + 1], &numbers[next++], sizeof(double));
        }
        ++index;
    }
}

csj_kind csj_value_kind(csj_value value) {
    if (matrix_of(value)) return csj_array;
    switch (unpack<dom::element>(value).type()) {
    case dom::element_type::ARRAY: return csj_array;
    case dom::element_type::OBJECT: return csj_object;
    case dom::element_type::STRING: return csj_string;
    case dom::element_type::BOOL: return csj_bool;
    case dom::element_type::NULL_VALUE: return csj_null;
    default: return csj_number;
    }
}

bool csj_value_bool(csj_value value) {
    bool flag = false;
    (void)unpack<dom::element>(value).get(flag);
    return flag;
}

bool csj_value_integer(csj_value value, int64_t *number) {
    return unpack<dom::element>(value).get(*number) == SUCCESS;
}

bool csj_value_unsigned(csj_value value, uint64_t *number) {
    return unpack<dom::element>(value).get(*number) == SUCCESS;
}

double csj_value_number(csj_value value) {
    double number = 0;
    (void)unpack<dom::element>(value).get(number);
    return number;
}

const char *csj_value_string(csj_value value, size_t *count) {
    std::string_view text;
    (void)unpack<dom::element>(value).get(text);
    *count = text.size();
    return text.data();
}

csj_cursor csj_elements(csj_value value) {
    const dom::array array = array_of(value);
    return {pack(array.begin()), pack(array.end())};
}

bool csj_next_element(csj_cursor *cursor, csj_value *element) {
    auto position = unpack<dom::array::iterator>(cursor->position);
    if (!(position != unpack<dom::array::iterator>(cursor->end))) return false;
    *element = pack(*position);
    cursor->position = pack(++position);
    return true;
}

csj_cursor csj_members(csj_value value) {
    dom::object object;
    (void)unpack<dom::element>(value).get(object);
    return {pack(object.begin()), pack(object.end())};
}

bool csj_next_member(csj_cursor *cursor, const char **key, size_t *key_count, csj_value *member) {
    auto position = unpack<dom::object::iterator>(cursor->position);
    if (!(position != unpack<dom::object::iterator>(cursor->end))) return false;
    const std::string_view name = position.key();
    *key = name.data();
    *key_count = name.size();
    *member = pack(position.value());
    cursor->position = pack(++position);
    return true;
}

csj_matrix_fault csj_matrix_shape(csj_value value, size_t *rows, size_t *columns, size_t *fault_row,
                                  size_t *fault_columns) {
    if (const Matrix *matrix = matrix_of(value)) {
        *rows = matrix->rows;
        *columns = matrix->columns;
        return csj_matrix_good;
    }
    size_t row = 0;
    *columns = 0;
    for (dom::element element : array_of(value)) {
        const csj_value units = pack(element);
        if (csj_value_kind(units) != csj_array) {
            *fault_row = row;
            return csj_matrix_not_array;
        }
        const size_t count = csj_element_count(units);
        if (row == 0) *columns = count;
        if (count != *columns) {
            *fault_row = row;
            *fault_columns = count;
            return csj_matrix_ragged;
        }
        ++row;
    }
    *rows = row;
    return csj_matrix_good;
}

csj_matrix_fault csj_matrix_read(csj_value value, float *values, size_t *fault_row, size_t *fault_column) {
    if (const Matrix *matrix = matrix_of(value)) {
        std::memcpy(values, matrix->numbers, matrix->rows * matrix->columns * sizeof(float));
        return csj_matrix_good;
    }
    size_t row = 0;
    size_t columns = 0;
    for (dom::element element : array_of(value)) {
        const dom::array units = array_of(pack(element));
        if (row == 0) columns = count_elements(units);
        const csj_matrix_fault fault = read_row(units, values, columns, fault_column);
        if (fault != csj_matrix_good) {
            *fault_row = row;
            return fault;
        }
        values += columns;
        ++row;
    }
    return csj_matrix_good;
}

csj_matrix_fault csj_row_read(csj_value value, float *values, size_t capacity, size_t *fault_column) {
    return read_row(array_of(value), values, capacity, fault_column);
}

size_t csj_element_count(csj_value value) {
    const Matrix *matrix = matrix_of(value);
    return matrix ? matrix->rows : count_elements(array_of(value));
}
