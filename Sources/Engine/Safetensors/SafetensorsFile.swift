import Foundation
import Platform

/// A safetensors file, checked and mapped into memory.
///
/// A file begins with the length N of its header (8 bytes, little-endian), the header (N bytes of JSON) and the data of
/// all tensors without a gap. Nothing a file declares is trusted: a file that this type opens has every tensor inside the
/// mapping, and files of the Hugging Face library are read as that library reads them.
///
/// Opening costs the header only. A mapped file must not be truncated while it is in use (replace it by renaming).
package final class SafetensorsFile: Sendable {
    /// Where a tensor lies in the file and what it holds.
    package struct Entry: Sendable, Hashable {
        package let dtype: SafetensorsType
        package let shape: [Int]
        /// The tensor's bytes, counted from the start of the file.
        package let range: Range<Int>

        /// The number of elements.
        package var count: Int { range.count / dtype.size }
    }

    package let path: String
    package let metadata: [String: String]
    package let tensors: [String: Entry]
    private let mapping: FileMapping

    /// Opens the file at a path and checks its header.
    package init(path: String) throws(SafetensorsError) {
        let mapping = try FileMapping(path: path)
        let header = try SafetensorsHeader(file: path, bytes: mapping.bytes)
        self.path = path
        self.mapping = mapping
        self.metadata = header.metadata
        self.tensors = header.tensors
    }

    /// A file that is in memory already, which is copied.
    ///
    /// - Parameter name: of what it came as, for errors.
    package init(_ bytes: [UInt8], name: String = "body") throws(SafetensorsError) {
        let mapping = try FileMapping(copying: bytes, name: name)
        let header = try SafetensorsHeader(file: name, bytes: mapping.bytes)
        path = name
        self.mapping = mapping
        metadata = header.metadata
        tensors = header.tensors
    }

    /// The elements of a tensor in row-major order, converted to Float (integers and F64 are rounded).
    package func floats(_ name: String) throws(SafetensorsError) -> [Float] {
        let entry = try entry(name)
        return [Float](unsafeUninitializedCapacity: entry.count) { buffer, count in
            entry.dtype.copy(bytes(of: entry), to: buffer.baseAddress)
            count = entry.count
        }
    }

    /// The elements of an integer or BOOL tensor in row-major order.
    ///
    /// Throws if the tensor holds floating-point numbers or a value outside of Int32.
    package func int32s(_ name: String) throws(SafetensorsError) -> [Int32] {
        let entry = try entry(name)
        guard let values = entry.dtype.integers(bytes(of: entry)) else {
            throw fault(name, "holds \(entry.dtype.rawValue) where integers are expected")
        }
        var result: [Int32] = []
        result.reserveCapacity(values.count)
        for value in values {
            guard let value = Int32(exactly: value) else { throw fault(name, "holds \(value), which exceeds 32 bits") }
            result.append(value)
        }
        return result
    }

    private func entry(_ name: String) throws(SafetensorsError) -> Entry {
        guard let entry = tensors[name] else { throw fault(name, "is not in the file") }
        return entry
    }

    /// The bytes of a tensor of this file, in the mapping: valid as long as the file is referenced.
    package func bytes(of entry: Entry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: mapping.bytes[entry.range])
    }

    private func fault(_ name: String, _ reason: String) -> SafetensorsError {
        SafetensorsError(file: path, tensor: name, reason: reason)
    }
}

/// A whole file mapped for reading, or a copy of one, unmapped with its last reference.
///
/// `@unchecked Sendable`: the bytes are not written after `init` and neither the pointer nor the mapping changes before `deinit`.
private final class FileMapping: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws(SafetensorsError) {
        // Without O_NONBLOCK, opening a pipe would wait for its other end.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SafetensorsError(file: path, SystemError("open")) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SafetensorsError(file: path, SystemError("fstat"))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SafetensorsError(file: path, tensor: nil, reason: "is not a regular file")
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else {
            throw SafetensorsError(file: path, SystemError("mmap"))
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    /// Memory as if it were a file's.
    init(copying contents: [UInt8], name: String) throws(SafetensorsError) {
        guard !contents.isEmpty else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let size = contents.count
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let address, address != MAP_FAILED else { throw SafetensorsError(file: name, SystemError("mmap")) }
        let target = UnsafeMutableRawBufferPointer(start: address, count: size)
        contents.withUnsafeBytes { target.copyMemory(from: $0) }
        bytes = UnsafeRawBufferPointer(target)
    }

    deinit {
        guard let address = bytes.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
}
