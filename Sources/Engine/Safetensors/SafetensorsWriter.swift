import Foundation

/// Writing of safetensors files, which ``SafetensorsFile`` and the Hugging Face library read.
package enum Safetensors {
    /// A float32 tensor to be written, row-major.
    package struct Tensor {
        package let name: String
        package let shape: [Int]
        let elements: Elements

        enum Elements {
            case array([Float])
            case buffer(UnsafeBufferPointer<Float>)
        }

        /// - Precondition: the product of `shape` is the number of elements.
        package init(name: String, shape: [Int], _ elements: [Float]) {
            precondition(shape.reduce(1, *) == elements.count, "the shape of \(name) does not fit its elements")
            self.name = name
            self.shape = shape
            self.elements = .array(elements)
        }

        /// A tensor in memory that outlives the write.
        ///
        /// - Precondition: the product of `shape` is the number of elements.
        package init(name: String, shape: [Int], _ elements: UnsafeBufferPointer<Float>) {
            precondition(shape.reduce(1, *) == elements.count, "the shape of \(name) does not fit its elements")
            self.name = name
            self.shape = shape
            self.elements = .buffer(elements)
        }

        fileprivate func write(to file: DurableFile) throws(SafetensorsError) {
            switch elements {
            case .array(let array): try array.withUnsafeBufferPointer(file.write)
            case .buffer(let buffer): try file.write(buffer)
            }
        }
    }

    /// Writes a file so that its path holds the old file or the whole new one at any moment, also after a crash.
    ///
    /// Tensors lie in the order of their names; the data begins on a multiple of eight bytes. The same input gives the
    /// same bytes.
    ///
    /// - Precondition: names are distinct and none is `__metadata__`.
    package static func write(
        to path: String,
        tensors: [Tensor],
        metadata: [String: String] = [:]
    ) throws(SafetensorsError) {
        let tensors = tensors.sorted { $0.name < $1.name }
        precondition(zip(tensors, tensors.dropFirst()).allSatisfy { $0.name != $1.name }, "two tensors of one name")
        precondition(!tensors.contains { $0.name == "__metadata__" }, "a tensor may not be named __metadata__")

        let file = try DurableFile(path: path)
        try header(tensors: tensors, metadata: metadata).withUnsafeBufferPointer(file.write)
        for tensor in tensors { try tensor.write(to: file) }
        try file.commit()
    }

    /// The header with its length before it, padded with spaces.
    private static func header(tensors: [Tensor], metadata: [String: String]) -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.shape.reduce(MemoryLayout<Float>.size, *)
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            fields.append(
                "\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        var json = Array("{\(fields.joined(separator: ","))}".utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -json.count & 7))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
    }

    /// A JSON string literal.
    private static func quoted(_ string: String) -> String {
        var result = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<" ": result += "\\u" + String(0x10000 + scalar.value, radix: 16).dropFirst()
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// A new file under a temporary name, given its final name when all of it is on the disk.
private final class DurableFile {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var isCommitted = false

    init(path: String) throws(SafetensorsError) {
        self.path = path
        temporary = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 16)).partial"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SafetensorsError(file: path, operation: "open", code: errno) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isCommitted { unlink(temporary) }
    }

    func write<Element: BitwiseCopyable>(_ elements: UnsafeBufferPointer<Element>) throws(SafetensorsError) {
        var rest = UnsafeRawBufferPointer(elements)[...]
        while !rest.isEmpty {
            let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SafetensorsError(file: path, operation: "write", code: errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Makes the file durable under its final name.
    func commit() throws(SafetensorsError) {
        guard fsync(descriptor) == 0 else { throw SafetensorsError(file: path, operation: "fsync", code: errno) }
        guard rename(temporary, path) == 0 else { throw SafetensorsError(file: path, operation: "rename", code: errno) }
        isCommitted = true
        // The new name itself is on the disk only after its folder is.
        let parent = (path as NSString).deletingLastPathComponent
        let folder = open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw SafetensorsError(file: path, operation: "open folder", code: errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw SafetensorsError(file: path, operation: "fsync folder", code: errno) }
    }
}
