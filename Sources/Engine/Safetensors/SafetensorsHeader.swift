/// The header of a safetensors file, read from untrusted bytes.
struct SafetensorsHeader {
    /// The most bytes a header may have, as in the Hugging Face library.
    static let limit = 100_000_000

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
        var scanner = SafetensorsScanner(file: file, bytes: UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]))
        try read(&scanner)
        try checkLayout()
    }

    private mutating func read(_ scanner: inout SafetensorsScanner) throws(SafetensorsError) {
        var hasMetadata = false
        try scanner.object { (scanner, name) throws(SafetensorsError) in
            guard name == "__metadata__" else {
                scanner.tensor = name
                defer { scanner.tensor = nil }
                guard tensors[name] == nil else { throw scanner.fault("is declared twice") }
                tensors[name] = try entry(&scanner)
                return
            }
            guard !hasMetadata else { throw scanner.fault("has two keys \"__metadata__\" in its header") }
            hasMetadata = true
            try scanner.object { (scanner, key) throws(SafetensorsError) in
                guard metadata[key] == nil else { throw scanner.fault("has metadata \"\(key)\" twice") }
                metadata[key] = try scanner.string()
            }
        }
        try scanner.end()
    }

    private func entry(_ scanner: inout SafetensorsScanner) throws(SafetensorsError) -> SafetensorsFile.Entry {
        var dtype: SafetensorsType?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { (scanner, key) throws(SafetensorsError) in
            switch key {
            case "dtype" where dtype == nil:
                let name = try scanner.string()
                dtype = SafetensorsType(rawValue: name)
                guard dtype != nil else { throw scanner.fault("has the unknown dtype \"\(name)\"") }
            case "shape" where shape == nil:
                shape = try scanner.integers()
            case "data_offsets" where offsets == nil:
                offsets = try scanner.integers()
            case "dtype", "shape", "data_offsets":
                throw scanner.fault("has two keys \"\(key)\"")
            default:
                throw scanner.fault("has the unknown key \"\(key)\"")
            }
        }
        guard let dtype else { throw scanner.fault("has no dtype") }
        guard let shape else { throw scanner.fault("has no shape") }
        guard let offsets else { throw scanner.fault("has no data_offsets") }

        guard offsets.count == 2, offsets[0] <= offsets[1], offsets[1] <= dataCount else {
            throw scanner.fault("has data_offsets \(offsets), which are not a range within \(dataCount) bytes of data")
        }
        var size = dtype.size
        for dimension in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw scanner.fault("has a shape too large to address: \(shape)") }
            size = product
        }
        guard size == offsets[1] - offsets[0] else {
            throw scanner.fault(
                "of shape \(shape) and dtype \(dtype.rawValue) takes \(size) bytes, but has \(offsets[1] - offsets[0])"
            )
        }
        return SafetensorsFile.Entry(dtype: dtype, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
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
