#include "Matrices.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace {

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

uint64_t load(const char *text) {
    uint64_t word;
    std::memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

constexpr uint64_t each(uint8_t byte) { return byte * UINT64_C(0x0101010101010101); }

// How many of eight characters are digits before the first that is none.
unsigned leading_digits(uint64_t word) {
    // Of a byte from '0' to '9', neither sum nor difference reaches the top bit; others may only spoil those after them.
    const uint64_t others = ((word + each(0x7F - '9')) | (word - each('0')) | word) & each(0x80);
    return others == 0 ? 8 : static_cast<unsigned>(__builtin_ctzll(others)) / 8;
}

// Powers of ten that are exact in a double.
constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int most_exponent = 22;
// The most digits of which every number is.
constexpr unsigned most_digits = 15;

// The characters before some place in the text, up to 15 of them.
#if defined(__SSE2__)
struct Fraction {
    // '0' is 0; 0 also where there are none.
    __m128i values;

    Fraction(const char *end, unsigned count) {
        static const uint8_t masks[32] = {0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                                          0,    0,    0,    0,    0,    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                          0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
        const __m128i characters = _mm_loadu_si128(reinterpret_cast<const __m128i *>(end - 16));
        const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i *>(masks + count));
        values = _mm_and_si128(_mm_sub_epi8(characters, _mm_set1_epi8('0')), mask);
    }

    bool has_digits_only() const {
        return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values)) == 0xFFFF;
    }

    uint64_t digits() const {
        // Neighbours are put together, to numbers of two, four and eight digits.
        const __m128i twos = _mm_add_epi16(
            _mm_mullo_epi16(_mm_and_si128(values, _mm_set1_epi16(0xFF)), _mm_set1_epi16(10)), _mm_srli_epi16(values, 8));
        const __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(100 | 1 << 16));
        const __m128i eights = _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(10000 | 1 << 16));
        const uint64_t both = static_cast<uint64_t>(_mm_cvtsi128_si64(eights));
        return (both & 0xFFFFFFFF) * 100000000 + (both >> 32);
    }
};
#else
// The last `count` of eight characters, 0 to 8, and '0' for the others.
uint64_t last(uint64_t word, unsigned count) {
    const uint64_t mask = count == 0 ? 0 : ~UINT64_C(0) << (64 - 8 * count);
    return (word & mask) | (each('0') & ~mask);
}

bool are_digits(uint64_t word) {
    return ((word & each(0xF0)) | (((word + each(6)) & each(0xF0)) >> 4)) == each(0x33);
}

// The number that eight digits make.
uint64_t value_of(uint64_t word) {
    // Pairs of digits, each in the lower of its two bytes; then the four of them, scaled, in one word each.
    const uint64_t digits = word - each('0'), pairs = digits * 10 + (digits >> 8);
    return static_cast<uint32_t>(
        ((pairs & UINT64_C(0x000000FF000000FF)) * (100 + (UINT64_C(1000000) << 32)) +
         ((pairs >> 16) & UINT64_C(0x000000FF000000FF)) * (1 + (UINT64_C(10000) << 32))) >> 32);
}

struct Fraction {
    uint64_t high, low;

    Fraction(const char *end, unsigned count)
        : high(last(load(end - 16), count < 8 ? 0 : count - 8)), low(last(load(end - 8), count < 8 ? count : 8)) {}

    bool has_digits_only() const { return are_digits(high) && are_digits(low); }

    uint64_t digits() const { return value_of(high) * 100000000 + value_of(low); }
};
#endif

// Which of 64 characters end a number in an array.
uint64_t separators(const char *text) {
    typedef char Characters __attribute__((ext_vector_type(64), aligned(1)));
    typedef bool Flags __attribute__((ext_vector_type(64)));
    const Characters characters = *reinterpret_cast<const Characters *>(text);
    const Flags flags = __builtin_convertvector((characters == ',') | (characters == ']'), Flags);
    uint64_t mask;
    static_assert(sizeof flags == sizeof mask, "a bit each");
    std::memcpy(&mask, &flags, sizeof mask);
    return mask;
}

class Reader {
public:
    Reader(const char *start, const char *end) : start(start), end(end), at(start) {}

    // The next character, 0 at the end: no matrix holds one.
    char next() const { return at < end ? *at : 0; }

    void skip_space() {
        while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
    }

    // Skips a character, the space before it and the space after it; false if there is another.
    bool skip(char c) {
        skip_space();
        if (next() != c) return false;
        ++at;
        skip_space();
        return true;
    }

    // Reads numbers up to a bracket, which is then next; false where there are none that floats can hold.
    bool read_row(std::vector<float> &numbers) {
        for (;;) {
            // Where numbers end is found for some of them at a time, so that none has to wait for the one before it.
            uint64_t ends = near_edge() ? 0 : separators(at);
            const char *const block = at;
            do {
                float number;
                const char *end = ends == 0 ? nullptr : block + __builtin_ctzll(ends);
                if (!end || !read_simple(end, number)) {
                    if (!read(number)) return false;
                    if (end && at != end) return false;
                }
                numbers.push_back(number);
                if (next() == ']') return true;
                if (next() != ',') return false;
                ++at;
                if (next() == ' ') ++at;
                ends &= ends - 1;
            } while (ends != 0);
        }
    }

    const char *position() const { return at; }

private:
    const char *start, *end, *at;

    // Whether what is looked at around the number might lie beyond the text: the 64 characters from it on and, where the
    // last of them ends it, one more.
    bool near_edge() const { return end - at < 65 || at - start < 16; }

    // A number with one digit before the point and up to 14 after it, as most are. Not near an edge.
    bool read_simple(const char *number_end, float &number) {
        const bool is_negative = *at == '-';
        const char *first = at + is_negative;
        const size_t count = static_cast<size_t>(number_end - first) - 2;
        if (first[1] != '.' || count - 1 >= most_digits - 1 || !is_digit(*first)) return false;
        const Fraction fraction(number_end, static_cast<unsigned>(count));
        if (!fraction.has_digits_only()) return false;
        const uint64_t digits = static_cast<uint64_t>(*first - '0') * static_cast<uint64_t>(powers[count]) + fraction.digits();
        const double value = static_cast<double>(digits) / powers[count];
        number = static_cast<float>(is_negative ? -value : value);
        at = number_end;
        return true;
    }

    // Reads a number and the space around it.
    bool read(float &number) {
        skip_space();
        const char *first = at;
        if (near_edge() || !read_short(number)) {
            at = first;
            if (!read_any(number)) return false;
        }
        skip_space();
        return true;
    }

    // A number as most are: up to 15 digits, no large exponent. The double is exact before it is scaled by an exact power
    // of ten, and therefore rounded once (Clinger 1990).
    bool read_short(float &number) {
        const bool is_negative = *at == '-';
        at += is_negative;
        const char *whole_start = at;
        uint64_t digits = 0;
        while (is_digit(*at)) {
            digits = 10 * digits + static_cast<uint64_t>(*at++ - '0');
            if (at - whole_start > static_cast<ptrdiff_t>(most_digits)) return false;
        }
        unsigned count = static_cast<unsigned>(at - whole_start);
        if (count == 0 || (count > 1 && *whole_start == '0')) return false;
        int exponent = 0;
        if (*at == '.') {
            ++at;
            // Both words are always looked at: how long a number is cannot be foretold.
            const unsigned first = leading_digits(load(at)), second = leading_digits(load(at + 8));
            const unsigned fraction = first + (first == 8 ? second : 0);
            count += fraction;
            if (fraction == 0 || count > most_digits) return false;
            at += fraction;
            digits = digits * static_cast<uint64_t>(powers[fraction]) + Fraction(at, fraction).digits();
            exponent = -static_cast<int>(fraction);
        }
        const bool is_whole = exponent == 0;
        bool is_scaled = false;
        if ((*at | 0x20) == 'e') {
            ++at;
            const bool is_small = *at == '-';
            at += is_small || *at == '+';
            if (!is_digit(*at)) return false;
            int power = *at++ - '0';
            if (is_digit(*at)) power = 10 * power + (*at++ - '0');
            if (is_digit(*at)) return false;
            exponent += is_small ? -power : power;
            is_scaled = true;
        }
        if (exponent < -most_exponent || exponent > most_exponent) return false;
        double value = static_cast<double>(digits);
        value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
        // A whole number has no zero below zero.
        if (is_negative && !(digits == 0 && is_whole && !is_scaled)) value = -value;
        number = static_cast<float>(value);
        return std::isfinite(number);
    }

    bool read_digits() {
        const char *first = at;
        while (is_digit(next())) ++at;
        return at > first;
    }

    bool read_any(float &number) {
        const char *first = at;
        if (next() == '-') ++at;
        const char *whole_start = at;
        if (!read_digits() || (at - whole_start > 1 && *whole_start == '0')) return false;
        bool is_whole = true;
        if (next() == '.') {
            is_whole = false;
            ++at;
            if (!read_digits()) return false;
        }
        if ((next() | 0x20) == 'e') {
            is_whole = false;
            ++at;
            if (next() == '-' || next() == '+') ++at;
            if (!read_digits()) return false;
        }
        double value = 0;
        const auto [rest, error] = std::from_chars(first, at, value);
        // Left to simdjson, which may refuse it: what is too small to tell from 0, one of the errors, or may not fit 64 bits.
        if (is_whole && at - whole_start > 18) return false;
        if (error != std::errc() || rest != at) return false;
        number = static_cast<float>(is_whole && value == 0 ? 0 : value);
        return std::isfinite(number);
    }
};

// Reads a matrix, of which the first bracket is next; false where there is none.
bool read_matrix(Reader &reader, std::vector<float> &numbers, Matrix &matrix) {
    if (!reader.skip('[')) return false;
    do {
        if (!reader.skip('[')) return false;
        const size_t before = numbers.size();
        if (!reader.read_row(numbers)) return false;
        const size_t count = numbers.size() - before;
        if (matrix.rows > 0 && count != matrix.columns) return false;
        if (!reader.skip(']')) return false;
        matrix.columns = count;
        ++matrix.rows;
    } while (reader.skip(','));
    reader.skip_space();
    return reader.next() == ']';
}

}  // namespace

void Matrices::take(std::string_view document, size_t depth) {
    const char *const text = document.data(), *const end = text + document.size();
    rest.clear();
    all.clear();
    numbers.clear();
    size_t level = 0, nulls = 0;
    // What is before this is in `rest`.
    const char *done = text;
    for (const char *at = text; at < end;) {
        switch (*at) {
        case '"':
            for (++at; at < end && *at != '"'; ++at)
                if (*at == '\\') ++at;
            ++at;
            break;
        case '{': ++level, ++at; break;
        case '}':
        case ']':
            if (level > 0) --level;
            ++at;
            break;
        case 'n': ++nulls, ++at; break;
        case '[': {
            Reader reader(at, end);
            Matrix matrix{};
            const size_t first = numbers.size();
            if (level + 2 <= depth && read_matrix(reader, numbers, matrix)) {
                const char *after = reader.position() + 1;
                matrix.text = std::string_view(at, static_cast<size_t>(after - at));
                matrix.ordinal = nulls++;
                all.push_back(std::move(matrix));
                rest.append(done, at).append("null");
                done = at = after;
            } else {
                // Goes on with what comes after this bracket: rows by themselves are no matrices.
                numbers.resize(first);
                ++level, ++at;
            }
            break;
        }
        default: ++at;
        }
    }
    rest.append(done, end);
    const float *next = numbers.data();
    for (Matrix &matrix : all) {
        matrix.numbers = next;
        next += matrix.rows * matrix.columns;
    }
}
