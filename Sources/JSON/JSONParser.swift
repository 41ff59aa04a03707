import CSimdjson

/// Reads JSON documents one after another with simdjson, and finds out where one that it refuses is wrong.
///
/// `@unchecked Sendable`: a parser has no lock. Whoever holds it uses it from one thread at a time; ``JSONParserPool`` hands
/// each out to one caller at a time.
package final class JSONParser: @unchecked Sendable {
    private let parser: OpaquePointer
    private let depth: Int
    private let limit: Int
    private let readsMatrices: Bool

    /// - Parameters:
    ///   - capacity: bytes of the longest document.
    ///   - depth: how deep arrays and objects may be nested.
    ///   - readsMatrices: whether documents are mostly arrays of arrays of numbers to be had as floats, which are then read
    ///     several times as fast.
    package init(capacity: Int, depth: Int, readsMatrices: Bool = false) {
        // simdjson counts the document itself as a level, and its buffers have at least 32 bytes.
        guard let parser = csj_parser_create(max(capacity, 32), depth + 1) else {
            fatalError("no memory for a JSON parser")
        }
        self.parser = parser
        self.depth = depth
        self.readsMatrices = readsMatrices
        limit = capacity
    }

    deinit { csj_parser_destroy(parser) }

    /// Bytes of document the buffers have grown to; they take about twenty times as much memory.
    package var capacity: Int { csj_parser_longest(parser) }

    /// Reads a document and hands its root to `body`. Elements must not outlive the call.
    ///
    /// Names may come twice in an object. A number that no double can hold is infinite, and a whole number beyond 64 bits is
    /// the double nearest to it: neither spoils the document.
    package func parse<Result>(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (JSONElement) -> Result
    ) throws(JSONError) -> Result {
        guard bytes.count <= limit else { throw JSONError(.tooLarge, "longer than \(limit) bytes") }
        let root: csj_value
        if let read = try read(bytes, matrices: readsMatrices) {
            root = read
            if csj_has_surrogates(bytes.baseAddress, bytes.count), let fault = locate(bytes).fault {
                throw error(fault, in: bytes)
            }
        } else {
            root = try readAround(locate(bytes), bytes)
        }
        defer { withExtendedLifetime(self) {} }
        return body(JSONElement(handle: root))
    }

    /// The root; nil when the text is not what simdjson takes.
    private func read(_ bytes: UnsafeRawBufferPointer, matrices: Bool) throws(JSONError) -> csj_value? {
        var root = csj_value()
        // simdjson reads up to 64 bytes past the end, so it works on a padded copy of its own.
        switch csj_parse(parser, bytes.baseAddress, bytes.count, matrices, &root) {
        case csj_good: return root
        case csj_too_large, csj_out_of_memory: throw JSONError(.tooLarge, "too large to be read")
        default: return nil
        }
    }

    private func locate(_ bytes: UnsafeRawBufferPointer) -> JSONLocator.Findings {
        JSONLocator.findings(in: bytes, depth: depth)
    }

    private func error(_ fault: JSONLocator.Fault, in bytes: UnsafeRawBufferPointer) -> JSONError {
        let position = JSONError.Position(fault.offset, in: bytes)
        return JSONError(fault.isDepth ? .tooDeep : .malformed, fault.reason, position: position)
    }

    /// Reads a text whose only fault in simdjson's eyes are numbers that do not fit 64 bits: with others in their place,
    /// which are put right afterwards.
    private func readAround(
        _ findings: JSONLocator.Findings,
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> csj_value {
        if let fault = findings.fault { throw error(fault, in: bytes) }
        var text = Array(bytes)
        for number in findings.numbers {
            // As long as the number, which has at least five characters: 1e309.
            for (offset, index) in number.range.enumerated() {
                text[index] = offset == 1 ? UInt8(ascii: ".") : UInt8(ascii: "0")
            }
        }
        let outcome = text.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try read(bytes, matrices: false) }
        }
        guard let root = try outcome.get() else { throw JSONError(.malformed, "malformed JSON") }
        let (ordinals, values) = (findings.numbers.map(\.ordinal), findings.numbers.map(\.value))
        csj_replace_numbers(parser, ordinals, values, ordinals.count)
        return root
    }
}
