import CSimdjson

/// Reads JSON documents one after another with simdjson; the one place that touches it.
///
/// `@unchecked Sendable`: a parser has no lock. Whoever holds it uses it from one thread at a time; ``ClipDecoder`` keeps
/// parsers in a pool behind a mutex and takes one out for the time of a document.
final class JSONParser: @unchecked Sendable {
    /// Why a document was not read.
    enum Failure: Error {
        case malformed, tooDeep, tooLarge, outOfMemory
    }

    private let parser: OpaquePointer

    /// - Parameters:
    ///   - capacity: bytes of the longest document.
    ///   - depth: how deep arrays and objects may be nested.
    init(capacity: Int, depth: Int) {
        // simdjson counts the document itself as a level.
        guard let parser = csj_parser_create(capacity, depth + 1) else { fatalError("no memory for a JSON parser") }
        self.parser = parser
    }

    deinit { csj_parser_destroy(parser) }

    /// Bytes of document the buffers have grown to; they take about twenty times as much memory.
    var capacity: Int { csj_parser_capacity(parser) }

    /// Reads a document and hands its root to `body`. Values must not outlive the call.
    func parse<Result>(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (JSONValue) -> Result
    ) throws(Failure) -> Result {
        var root = csj_value()
        // simdjson reads up to 64 bytes past the end, so it works on a padded copy of its own.
        switch csj_parse(parser, bytes.baseAddress, bytes.count, &root) {
        case csj_good: break
        case csj_too_deep: throw .tooDeep
        case csj_too_large: throw .tooLarge
        case csj_out_of_memory: throw .outOfMemory
        default: throw .malformed
        }
        defer { withExtendedLifetime(self) {} }
        return body(JSONValue(handle: root))
    }
}

/// A value of a document that a ``JSONParser`` holds.
struct JSONValue {
    enum Kind {
        case null, bool, number, string, array, object
    }

    /// What keeps an array of arrays from being a matrix of floats, with positions from 0.
    enum MatrixFault: Error {
        case rowIsNotArray(row: Int)
        case ragged(row: Int, columns: Int, expected: Int)
        case notANumber(row: Int, column: Int)
        case notFinite(row: Int, column: Int)
    }

    fileprivate let handle: csj_value

    var kind: Kind {
        switch csj_value_kind(handle) {
        case csj_null: .null
        case csj_bool: .bool
        case csj_string: .string
        case csj_array: .array
        case csj_object: .object
        default: .number
        }
    }

    /// Of a value of kind `bool`.
    var bool: Bool { csj_value_bool(handle) }
    /// Of a value of kind `number`.
    var number: Double { csj_value_number(handle) }
    /// Of a value of kind `string`.
    var string: String {
        var count = 0
        return text(csj_value_string(handle, &count), count)
    }

    /// Elements of a value of kind `array`.
    var elementCount: Int { csj_element_count(handle) }

    /// Of a value of kind `array`.
    func forEachElement<Failure: Error>(_ body: (JSONValue) throws(Failure) -> Void) throws(Failure) {
        var cursor = csj_elements(handle)
        var element = csj_value()
        while csj_next_element(&cursor, &element) { try body(JSONValue(handle: element)) }
    }

    /// Of a value of kind `object`; names may come more than once.
    func forEachMember<Failure: Error>(_ body: (String, JSONValue) throws(Failure) -> Void) throws(Failure) {
        var cursor = csj_members(handle)
        var member = csj_value()
        var name: UnsafePointer<CChar>?
        var count = 0
        while csj_next_member(&cursor, &name, &count, &member) {
            try body(text(name, count), JSONValue(handle: member))
        }
    }

    /// Rows and columns of an array of arrays of one size; the elements are not looked at.
    func matrixShape() throws(MatrixFault) -> (rows: Int, columns: Int) {
        var rows = 0
        var columns = 0
        var row = 0
        var found = 0
        switch csj_matrix_shape(handle, &rows, &columns, &row, &found) {
        case csj_matrix_good: return (rows, columns)
        case csj_matrix_not_array: throw .rowIsNotArray(row: row)
        default: throw .ragged(row: row, columns: found, expected: columns)
        }
    }

    /// [rows, columns] of an array whose ``matrixShape()`` was found good. No number is boxed on the way.
    func matrix(rows: Int, columns: Int) throws(MatrixFault) -> [Float] {
        var row = 0
        var column = 0
        var fault = csj_matrix_good
        let values = [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
            guard let target = buffer.baseAddress else { return }
            fault = csj_matrix_read(handle, target, &row, &column)
            count = fault == csj_matrix_good ? rows * columns : 0
        }
        switch fault {
        case csj_matrix_good: return values
        case csj_matrix_not_finite: throw .notFinite(row: row, column: column)
        default: throw .notANumber(row: row, column: column)
        }
    }

    /// The numbers of a value of kind `array`; a fault's row is 0.
    func numbers() throws(MatrixFault) -> [Float] {
        var column = 0
        var fault = csj_matrix_good
        let values = [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
            guard let target = buffer.baseAddress, !buffer.isEmpty else { return }
            fault = csj_row_read(handle, target, elementCount, &column)
            count = fault == csj_matrix_good ? elementCount : 0
        }
        switch fault {
        case csj_matrix_good: return values
        case csj_matrix_not_finite: throw .notFinite(row: 0, column: column)
        default: throw .notANumber(row: 0, column: column)
        }
    }

    private func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
