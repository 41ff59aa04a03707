import JSON
import Platform

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

        fileprivate func write(
            to file: WholeFile, _ written: (UnsafeRawBufferPointer) -> Void
        ) throws(SystemError) {
            switch elements {
            case .array(let array):
                try array.withUnsafeBufferPointer { floats throws(SystemError) in
                    try file.write(UnsafeRawBufferPointer(floats))
                    written(UnsafeRawBufferPointer(floats))
                }
            case .buffer(let buffer):
                try file.write(UnsafeRawBufferPointer(buffer))
                written(UnsafeRawBufferPointer(buffer))
            }
        }
    }

    /// Writes a file so that its path holds the old file or the whole new one at any moment, also after a crash.
    ///
    /// Tensors lie in the order of their names; the data begins on a multiple of eight bytes. The same input gives the
    /// same bytes.
    ///
    /// - Parameter written: is given the bytes of the file piece by piece, first the header and then each tensor, when they
    ///   are written: for a digest of what the file is to hold.
    /// - Precondition: names are distinct and none is `__metadata__`.
    package static func write(
        to path: String,
        tensors: [Tensor],
        metadata: [String: String] = [:],
        written: (UnsafeRawBufferPointer) -> Void = { _ in }
    ) throws(SafetensorsError) {
        let tensors = tensors.sorted { $0.name < $1.name }
        precondition(zip(tensors, tensors.dropFirst()).allSatisfy { $0.name != $1.name }, "two tensors of one name")
        precondition(!tensors.contains { $0.name == "__metadata__" }, "a tensor may not be named __metadata__")

        do throws(SystemError) {
            let file = try WholeFile(path: path)
            let declarations = tensors.map { Declaration(name: $0.name, dtype: .float32, shape: $0.shape) }
            let header = header(of: declarations, metadata: metadata)
            try file.write(header)
            header.withUnsafeBytes { written($0) }
            for tensor in tensors { try tensor.write(to: file, written) }
            try file.commit()
        } catch {
            throw SafetensorsError(file: path, error)
        }
    }

    /// What the header says of a tensor.
    package struct Declaration: Sendable {
        package let name: String
        package let dtype: SafetensorsType
        package let shape: [Int]

        package init(name: String, dtype: SafetensorsType, shape: [Int]) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
        }

        package var byteCount: Int { shape.reduce(dtype.size, *) }
    }

    /// The header of tensors that follow it without a gap, with its length before it, padded with spaces.
    ///
    /// - Parameter alignment: the data begins on a multiple of so many bytes of the file.
    package static func header(
        of tensors: [Declaration],
        metadata: [String: String],
        alignment: Int = 8
    ) -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map {
                "\(JSONString.quoted($0.key)):\(JSONString.quoted($0.value))"
            }
            fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.byteCount
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let type = tensor.dtype.rawValue
            fields.append(
                "\(JSONString.quoted(tensor.name)):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        var json = Array("{\(fields.joined(separator: ","))}".utf8)
        let lengthSize = MemoryLayout<UInt64>.size
        let padding = (alignment - (lengthSize + json.count) % alignment) % alignment
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padding))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
    }
}
