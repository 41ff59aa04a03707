import Engine
import JSON

/// Turns JSON into clips, numbers straight into float buffers.
///
/// A clip is an object: `id` (a string), `labels` (0/1 per label, or names), and per modality an array of units, each an
/// array of D numbers. A modality that is absent, null or an empty array is missing. May be used by many threads at once.
package final class ClipDecoder: Sendable {
    /// How much of a document is accepted.
    package struct Limits: Sendable {
        /// Bytes of a document.
        package var bytes = 64 << 20
        /// Levels of arrays and objects; a request has five.
        package var depth = 32
        /// Clips of a document.
        package var clips = 4096
        /// Units of one modality of one clip.
        package var units = MultiHeadAttention.longestSequence

        package init() {}
    }

    /// A small member of a request.
    package enum Scalar: Sendable, Equatable {
        case null
        case bool(Bool)
        case number(Double)
        case string(String)
    }

    /// A decoded request. A bad clip does not spoil the others.
    package struct Request: Sendable {
        package let clips: [Result<Clip, ClipError>]
        /// The ids as sent, also of bad clips, where there is one.
        package let ids: [String?]
        /// All top-level members besides `clips`.
        package let members: [String: Scalar]
        /// Where the clips are in the document: a JSON pointer, nil when it is a clip itself.
        fileprivate let list: String?

        /// Where a clip is in the document: a JSON pointer.
        package func pointer(ofClip clip: Int) -> String { list.map { "\($0)/\(clip)" } ?? "" }
    }

    /// nil: any modalities, any feature size.
    package let modalities: [Modality]?
    /// nil: labels cannot be names, and there may be any number of them.
    package let labels: [String]?
    package let limits: Limits
    private let form: ClipForm
    private let parsers: JSONParserPool

    /// - Parameters:
    ///   - ignoresLabels: whether labels are left alone, whatever they are: a prediction has no use for them.
    ///   - replacesNonfinite: whether a feature that is null or beyond float32 is read as 0.
    package init(
        modalities: [Modality]?,
        labels: [String]? = nil,
        ignoresLabels: Bool = false,
        replacesNonfinite: Bool = false,
        limits: Limits = Limits()
    ) {
        self.modalities = modalities
        self.labels = labels
        self.limits = limits
        var document = JSONReader.Limits()
        document.bytes = limits.bytes
        document.depth = limits.depth
        parsers = JSONParserPool(limits: document, readsMatrices: true)
        form = ClipForm(
            modalities: modalities, labels: labels, ignoresLabels: ignoresLabels, unitLimit: limits.units,
            replacesNonfinite: replacesNonfinite)
    }

    /// Reads `{"clips": […], …}`.
    ///
    /// - Throws: ``ClipError`` when the document cannot be used at all.
    package func decodeRequest(_ bytes: UnsafeRawBufferPointer) throws(ClipError) -> Request {
        try withDocument(bytes) { root throws(ClipError) in
            guard root.kind == .object else {
                throw ClipError(code: .badRequest, detail: "must be an object with the member \"clips\"", pointer: "")
            }
            return try self.request(root)
        }
    }

    /// Reads a clip, an array of clips, or `{"clips": […], …}`: an object with a member `clips` is a request.
    package func decodeClips(_ bytes: UnsafeRawBufferPointer) throws(ClipError) -> Request {
        try withDocument(bytes) { root throws(ClipError) in
            switch root.kind {
            case .array: return try self.clips(root, pointer: "", members: [:])
            case .object:
                var isRequest = false
                root.forEachMember { name, _ in isRequest = isRequest || name == "clips" }
                if isRequest { return try self.request(root) }
                let (clip, id) = self.form.clip(root, pointer: "")
                return Request(clips: [clip], ids: [id], members: [:], list: nil)
            default:
                throw ClipError(
                    code: .badRequest,
                    detail: "must be a clip, an array of clips or a request",
                    pointer: ""
                )
            }
        }
    }

    /// Reads one clip.
    package func decodeClip(_ bytes: UnsafeRawBufferPointer) throws(ClipError) -> Clip {
        try withDocument(bytes) { root throws(ClipError) in try self.form.clip(root, pointer: "").clip.get() }
    }

    /// Reads one clip, with its id where a bad one has one; pointers lead into the document.
    ///
    /// - Throws: ``ClipError`` when the document cannot be read.
    package func decodeLine(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ClipError) -> (clip: Result<Clip, ClipError>, id: String?) {
        try withDocument(bytes) { root throws(ClipError) in self.form.clip(root, pointer: "") }
    }

    // MARK: Documents

    private func withDocument<Value>(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (JSONElement) throws(ClipError) -> Value
    ) throws(ClipError) -> Value {
        let outcome: Result<Value, ClipError>
        do throws(JSONError) {
            outcome = try parsers.parse(bytes) { root in Result { () throws(ClipError) in try body(root) } }
        } catch {
            throw ClipError(error)
        }
        return try outcome.get()
    }

    private func request(_ root: JSONElement) throws(ClipError) -> Request {
        var members: [String: Scalar] = [:]
        var list: JSONElement?
        try root.forEachMember { name, value throws(ClipError) in
            let pointer = JSONPointer.member(name)
            guard members[name] == nil, name != "clips" || list == nil else {
                throw ClipError(code: .duplicateMember, detail: "the member comes twice", pointer: pointer)
            }
            if name == "clips" {
                list = value
            } else {
                members[name] = try Self.scalar(value, pointer: pointer)
            }
        }
        guard let list else {
            throw ClipError(code: .badRequest, detail: "the member \"clips\" is missing", pointer: "")
        }
        guard list.kind == .array else {
            throw ClipError(code: .badRequest, detail: "must be an array of clips", pointer: "/clips")
        }
        return try clips(list, pointer: "/clips", members: members)
    }

    private static func scalar(_ value: JSONElement, pointer: String) throws(ClipError) -> Scalar {
        switch value.kind {
        case .null: .null
        case .bool: .bool(value.bool)
        case .number: .number(value.number)
        case .string: .string(value.string)
        case .array, .object:
            throw ClipError(
                code: .badRequest,
                detail: "must be a string, a number, true, false or null",
                pointer: pointer
            )
        }
    }

    private func clips(
        _ list: JSONElement,
        pointer: String,
        members: [String: Scalar]
    ) throws(ClipError) -> Request {
        let count = list.elementCount
        guard count > 0 else { throw ClipError(code: .badRequest, detail: "there is no clip", pointer: pointer) }
        guard count <= limits.clips else {
            throw ClipError(code: .tooLarge, detail: "\(count) clips, at most \(limits.clips)", pointer: pointer)
        }
        var decoded: [Result<Clip, ClipError>] = []
        decoded.reserveCapacity(count)
        var ids: [String?] = []
        ids.reserveCapacity(count)
        list.forEachElement { value in
            let (clip, id) = self.form.clip(value, pointer: "\(pointer)/\(decoded.count)")
            decoded.append(clip)
            ids.append(id)
        }
        return Request(clips: decoded, ids: ids, members: members, list: pointer)
    }
}
