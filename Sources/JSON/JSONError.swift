/// Why a text was not read as JSON, and where.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// Not JSON (RFC 8259).
        case malformed
        /// A member of an object comes twice.
        case duplicateMember
        case tooDeep
        case tooLarge
        /// JSON, but not what is expected at its place.
        case mismatch
    }

    /// A place in a text.
    package struct Position: Equatable, Sendable {
        /// In bytes, from 0.
        package let offset: Int
        /// From 1.
        package let line: Int
        /// In bytes, from 1.
        package let column: Int

        /// - Parameter offset: at most the number of bytes.
        init(_ offset: Int, in bytes: UnsafeRawBufferPointer) {
            let before = bytes[..<offset]
            let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            self.offset = offset
            line = before.reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
            column = offset - start + 1
        }
    }

    package let kind: Kind
    package let reason: String
    /// Where in the text; nil where only ``pointer`` says so.
    package let position: Position?
    /// Where in the document, a JSON pointer (RFC 6901); empty for the whole of it, or when it could not be read.
    package let pointer: String

    package init(_ kind: Kind, _ reason: String, position: Position? = nil, pointer: String = "") {
        self.kind = kind
        self.reason = reason
        self.position = position
        self.pointer = pointer
    }

    /// The path of the member at fault with slashes, in the words of the command line; empty for the whole document.
    package var field: String { JSONPointer.tokens(pointer).joined(separator: "/") }

    /// One sentence. The line is left out of a text of one line.
    package var description: String {
        guard let position else { return pointer.isEmpty ? reason : "\(pointer): \(reason)" }
        let line = position.line > 1 ? "line \(position.line), " : ""
        return "malformed JSON at \(line)column \(position.column): \(reason)"
    }
}
