// Matrices in the text of a JSON document, read without a value for each of their numbers.
#pragma once

#include <cstddef>
#include <memory>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

struct Matrix {
    size_t rows, columns;
    const float *numbers;
    // In the document, with its brackets.
    std::string_view text;
    // The `null` that stands for it, among those of the document without matrices.
    size_t ordinal;
    // Reads the text after all, for who wants its rows one by one.
    std::unique_ptr<simdjson::dom::parser> parser;
};

// A document without its matrices, and those.
//
// What counts as one: an array of arrays of numbers, at least one each and equally many, all finite as floats. Anything
// else is left as it is, so that whatever is wrong with a document is found where it would be without this. The numbers
// are those that simdjson reads, rounded to floats.
struct Matrices {
    std::string rest;
    std::vector<Matrix> all;
    std::vector<float> numbers;

    // Takes the matrices out of a document, which stays where it is, but none that is nested deeper than `depth`.
    void take(std::string_view document, size_t depth);
};
