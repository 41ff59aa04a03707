import JSON

/// Reads the numbers of a tensor in JSON: all in one array, or in arrays of arrays as its shape says.
struct InferenceData {
    let shape: [Int]
    let pointer: String
    /// Whether null stands for NaN, and numbers beyond float32 may come.
    let nonfinite: Bool

    private var count: Int { shape.reduce(1, *) }

    /// Row-major; not more than the document has, whatever the shape says.
    func numbers(_ data: JSONElement) throws(Problem) -> [Float] {
        var values: [Float] = []
        try walk(data) { row throws(Problem) in
            do throws(JSONElement.MatrixFault) {
                values += try row.numbers()
            } catch {
                guard nonfinite else { throw fault(error, after: values.count) }
                try appendNonfinite(row, to: &values)
            }
        }
        guard values.count == count else { throw wrongCount(values.count) }
        return values
    }

    func integers(_ data: JSONElement) throws(Problem) -> [Int] {
        var values: [Int] = []
        try walk(data) { row throws(Problem) in
            try row.forEachElement { element throws(Problem) in
                guard element.kind == .number, let integer = element.integer, Int32(exactly: integer) != nil else {
                    throw .invalid(pointer, "element \(values.count) is not an integer of 32 bits")
                }
                values.append(integer)
            }
        }
        guard values.count == count else { throw wrongCount(values.count) }
        return values
    }

    /// Calls `body` with each array of numbers.
    private func walk(_ data: JSONElement, _ body: (JSONElement) throws(Problem) -> Void) throws(Problem) {
        guard data.kind == .array else { throw .invalid(pointer, "must be an array, or null where it is missing") }
        guard Self.isNested(data) else { return try body(data) }
        try walk(data, level: 0, body)
    }

    private func walk(
        _ data: JSONElement, level: Int, _ body: (JSONElement) throws(Problem) -> Void
    ) throws(Problem) {
        guard data.kind == .array, level < shape.count, data.elementCount == shape[level] else {
            throw .invalid(pointer, "is not an array of arrays of the shape \(shape)")
        }
        guard level < shape.count - 1 else { return try body(data) }
        try data.forEachElement { element throws(Problem) in try walk(element, level: level + 1, body) }
    }

    private static func isNested(_ data: JSONElement) -> Bool {
        do throws(Found) {
            try data.forEachElement { element throws(Found) in throw Found(isArray: element.kind == .array) }
            return false
        } catch {
            return error.isArray
        }
    }

    /// The first element of an array.
    private struct Found: Error {
        let isArray: Bool
    }

    private func appendNonfinite(_ row: JSONElement, to values: inout [Float]) throws(Problem) {
        try row.forEachElement { element throws(Problem) in
            switch element.kind {
            case .number: values.append(Float(element.number))
            case .null: values.append(.nan)
            default: throw fault(.notANumber(row: 0, column: 0), after: values.count)
            }
        }
    }

    private func wrongCount(_ found: Int) -> Problem {
        .invalid(pointer, "\(found) numbers, but the shape \(shape) has \(count)")
    }

    private func fault(_ fault: JSONElement.MatrixFault, after position: Int) -> Problem {
        let rowSize = max(shape.dropFirst().reduce(1, *), 1)
        switch fault {
        case .notFinite(_, let column):
            let index = position + column
            return .invalid(
                pointer, "row \(index / rowSize): element \(index) does not fit a 32-bit float", code: "not_a_number")
        case .notANumber(_, let column):
            let index = position + column
            return .invalid(pointer, "row \(index / rowSize): element \(index) is not a number", code: "not_a_number")
        case .rowIsNotArray, .ragged: return .invalid(pointer, "is not an array of numbers")
        }
    }
}
