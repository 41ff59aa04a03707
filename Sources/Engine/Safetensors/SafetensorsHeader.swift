import JSON

/// The header of a safetensors file, read from untrusted bytes.
struct SafetensorsHeader {
    /// The most bytes a header may have, as in the Hugging Face library.
    static let limit = 100_000_000
    /// A header holds tensors, which hold their shapes.
    private static let depth = 3

    private(set) var metadata: [String: String] = [:]
    private(set) var tensors: [String: SafetensorsFile.Entry] = [:]

    private let file: String
    private let dataStart: Int
    private let dataCount: Int

    /// Reads and checks the header of a file given all of its bytes.
    init(file: String, bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
        func fault(_ reason: String) -> SafetensorsError { SafetensorsError(file: file, tensor: nil, reason: reason) }

        guard bytes.count >= 8 else { throw fault("is shorter than the 8 bytes of the header's length") }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(SafetensorsHeader.limit) else {
            throw fault("declares a header of \(length) bytes, more than \(SafetensorsHeader.limit)")
        }
        guard length <= UInt64(bytes.count - 8) else {
            throw fault("declares a header of \(length) bytes and has \(bytes.count - 8) after its length")
        }
        self.file = file
        dataStart = 8 + Int(length)
        dataCount = bytes.count - dataStart
        try read(UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]))
        try checkLayout()
    }

    private mutating func read(_ text: UnsafeRawBufferPointer) throws(SafetensorsError) {
        let parser = JSONParser(capacity: Self.limit, depth: Self.depth)
        let outcome: Result<Void, SafetensorsError>
        do throws(JSONError) {
            outcome = try parser.parse(text) { root in Result { () throws(SafetensorsError) in try read(root) } }
        } catch {
            throw fault("has a header that cannot be read: \(error)")
        }
        try outcome.get()
    }

    private mutating func read(_ root: JSONElement) throws(SafetensorsError) {
        guard root.kind == .object else { throw fault("has a header that is not a JSON object") }
        var hasMetadata = false
        try root.forEachMember { name, value throws(SafetensorsError) in
            if name == "__metadata__" {
                guard !hasMetadata else { throw fault("has two keys \"__metadata__\" in its header") }
                hasMetadata = true
                try readMetadata(value)
            } else {
                guard tensors[name] == nil else { throw fault("is declared twice", tensor: name) }
                tensors[name] = try entry(value, tensor: name)
            }
        }
    }

    private mutating func readMetadata(_ value: JSONElement) throws(SafetensorsError) {
        guard value.kind == .object else { throw fault("has metadata that is not an object") }
        try value.forEachMember { key, text throws(SafetensorsError) in
            guard metadata[key] == nil else { throw fault("has metadata \"\(key)\" twice") }
            guard text.kind == .string else { throw fault("has metadata \"\(key)\" that is not text") }
            metadata[key] = text.string
        }
    }

    private func entry(_ value: JSONElement, tensor: String) throws(SafetensorsError) -> SafetensorsFile.Entry {
        func fault(_ reason: String) -> SafetensorsError { self.fault(reason, tensor: tensor) }

        guard value.kind == .object else { throw fault("is not declared by an object") }
        var dtype: SafetensorsType?
        var shape: [Int]?
        var offsets: [Int]?
        try value.forEachMember { key, value throws(SafetensorsError) in
            switch key {
            case "dtype" where dtype == nil:
                guard value.kind == .string else { throw fault("has a dtype that is not text") }
                dtype = SafetensorsType(rawValue: value.string)
                guard dtype != nil else { throw fault("has the unknown dtype \"\(value.string)\"") }
            case "shape" where shape == nil:
                shape = Self.integers(value)
                guard shape != nil else { throw fault("has a shape that is not \(Self.integersInWords)") }
            case "data_offsets" where offsets == nil:
                offsets = Self.integers(value)
                guard offsets != nil else { throw fault("has data_offsets that are not \(Self.integersInWords)") }
            case "dtype", "shape", "data_offsets":
                throw fault("has two keys \"\(key)\"")
            default:
                throw fault("has the unknown key \"\(key)\"")
            }
        }
        guard let dtype else { throw fault("has no dtype") }
        guard let shape else { throw fault("has no shape") }
        guard let offsets else { throw fault("has no data_offsets") }

        guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= dataCount else {
            throw fault("has data_offsets \(offsets), which are not a range within \(dataCount) bytes of data")
        }
        var size = dtype.size
        for dimension in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw fault("has a shape too large to address: \(shape)") }
            size = product
        }
        guard size == offsets[1] - offsets[0] else {
            throw fault(
                "of shape \(shape) and dtype \(dtype.rawValue) takes \(size) bytes, but has \(offsets[1] - offsets[0])"
            )
        }
        return SafetensorsFile.Entry(dtype: dtype, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
    }

    private static let integersInWords = "an array of integers of at least 0 and at most 63 bits"

    private static func integers(_ value: JSONElement) -> [Int]? {
        guard value.kind == .array else { return nil }
        var integers: [Int?] = []
        value.forEachElement { element in
            integers.append(element.kind == .number ? element.integer.flatMap { $0 >= 0 ? $0 : nil } : nil)
        }
        let whole = integers.compactMap(\.self)
        return whole.count == integers.count ? whole : nil
    }

    private func fault(_ reason: String, tensor: String? = nil) -> SafetensorsError {
        SafetensorsError(file: file, tensor: tensor, reason: reason)
    }

    /// The tensors must cover the data exactly: no byte unused, none used twice.
    private func checkLayout() throws(SafetensorsError) {
        let order = tensors.sorted { left, right in
            let (a, b) = (left.value.range, right.value.range)
            return (a.lowerBound, a.upperBound) < (b.lowerBound, b.upperBound)
        }
        var end = dataStart
        for (name, entry) in order {
            let begin = entry.range.lowerBound
            guard begin == end else {
                let what =
                    begin < end ? "overlaps the tensor before it" : "leaves \(begin - end) bytes unused before it"
                throw SafetensorsError(file: file, tensor: name, reason: what)
            }
            end = entry.range.upperBound
        }
        let rest = dataStart + dataCount - end
        guard rest == 0 else {
            throw SafetensorsError(file: file, tensor: nil, reason: "has \(rest) bytes after its last tensor")
        }
    }
}
