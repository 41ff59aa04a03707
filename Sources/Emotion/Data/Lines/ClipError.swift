import JSON

/// What is wrong with a clip or with the request it came in.
package struct ClipError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable names for programs.
    package enum Code: String, Sendable, Codable, CaseIterable {
        /// Not JSON, or a number beyond 64 bits.
        case malformedJSON = "malformed_json"
        case tooLarge = "too_large"
        case tooDeep = "too_deep"
        /// The request is not an object with clips, or a member is not a scalar.
        case badRequest = "bad_request"
        /// A clip is not an object, its id not a string, its labels not labels.
        case badClip = "bad_clip"
        case duplicateMember = "duplicate_member"
        case unknownModality = "unknown_modality"
        /// Not an array of units, ragged, another feature size, too many units.
        case badShape = "bad_shape"
        /// A feature that is not a number or does not fit a float32.
        case notANumber = "not_a_number"
        case noModality = "no_modality"
        /// A feature too large for the sums of a model.
        case notComputable = "not_computable"
    }

    package let code: Code
    package let detail: String
    /// Where: a JSON pointer (RFC 6901), empty for the whole document.
    package let pointer: String

    package init(code: Code, detail: String, pointer: String) {
        self.code = code
        self.detail = detail
        self.pointer = pointer
    }

    /// A clip that could be read, and whose probabilities are no numbers.
    package static func notComputable(pointer: String) -> ClipError {
        ClipError(code: .notComputable, detail: "the features are too large to compute with", pointer: pointer)
    }

    package var description: String { pointer.isEmpty ? detail : "\(pointer): \(detail)" }

    /// A document that could not be read.
    init(_ error: JSONError) {
        let code: Code =
            switch error.kind {
            case .malformed, .mismatch: .malformedJSON
            case .duplicateMember: .duplicateMember
            case .tooDeep: .tooDeep
            case .tooLarge: .tooLarge
            }
        self.init(code: code, detail: error.kind == .tooDeep ? error.reason : error.description, pointer: error.pointer)
    }
}
