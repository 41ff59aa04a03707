import CSimdjson

/// A value of a document that a ``JSONParser`` holds; nothing is copied before it is asked for.
package struct JSONElement {
    package enum Kind: Sendable {
        case null, bool, number, string, array, object
    }

    /// What keeps an array of arrays from being a matrix of floats, with positions from 0.
    package enum MatrixFault: Error, Equatable {
        case rowIsNotArray(row: Int)
        case ragged(row: Int, columns: Int, expected: Int)
        case notANumber(row: Int, column: Int)
        case notFinite(row: Int, column: Int)
    }

    let handle: csj_value

    package var kind: Kind {
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
    package var bool: Bool { csj_value_bool(handle) }
    /// Of a number without fraction and exponent that fits.
    package var integer: Int? {
        var number: Int64 = 0
        return csj_value_integer(handle, &number) ? Int(number) : nil
    }
    /// Of a number without fraction and exponent that fits.
    package var unsigned: UInt64? {
        var number: UInt64 = 0
        return csj_value_unsigned(handle, &number) ? number : nil
    }
    /// Of a value of kind `number`; infinite when no double can hold it.
    package var number: Double { csj_value_number(handle) }
    /// Of a value of kind `string`.
    package var string: String {
        var count = 0
        return text(csj_value_string(handle, &count), count)
    }

    /// Elements of a value of kind `array`.
    package var elementCount: Int { csj_element_count(handle) }

    /// Of a value of kind `array`.
    package func forEachElement<Failure: Error>(_ body: (JSONElement) throws(Failure) -> Void) throws(Failure) {
        var cursor = csj_elements(handle)
        var element = csj_value()
        while csj_next_element(&cursor, &element) { try body(JSONElement(handle: element)) }
    }

    /// Of a value of kind `object`; names may come more than once.
    package func forEachMember<Failure: Error>(_ body: (String, JSONElement) throws(Failure) -> Void) throws(Failure) {
        var cursor = csj_members(handle)
        var member = csj_value()
        var name: UnsafePointer<CChar>?
        var count = 0
        while csj_next_member(&cursor, &name, &count, &member) {
            try body(text(name, count), JSONElement(handle: member))
        }
    }

    /// Rows and columns of an array of arrays of one size; the elements are not looked at.
    package func matrixShape() throws(MatrixFault) -> (rows: Int, columns: Int) {
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
    package func matrix(rows: Int, columns: Int) throws(MatrixFault) -> [Float] {
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
    package func numbers() throws(MatrixFault) -> [Float] {
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
