package import Engine

/// Numbers of units in memory of their own, or in a mapped file, which takes no memory that the system could not have back.
///
/// A collection for code that reads a few of them; loops over many go through ``withUnsafeBufferPointer(_:)``.
package struct FeatureValues: Sendable {
    private enum Storage {
        case memory([Float])
        case mapped(SafetensorsFile, SafetensorsFile.Entry)
    }

    private let storage: Storage
    package let count: Int

    package init(_ values: [Float]) {
        storage = .memory(values)
        count = values.count
    }

    /// The elements of a tensor, which stay in the file.
    ///
    /// - Precondition: the tensor is of the file, of float32, and begins on a multiple of four bytes.
    package init(_ tensor: SafetensorsFile.Entry, of file: SafetensorsFile) {
        precondition(tensor.dtype == .float32, "features are of float32")
        precondition(tensor.range.lowerBound % MemoryLayout<Float>.alignment == 0, "features are aligned")
        storage = .mapped(file, tensor)
        count = tensor.count
    }

    /// Calls `body` with all values, wherever they are; the pointer is valid during the call only.
    package func withUnsafeBufferPointer<Result, Failure>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch storage {
        case .memory(let values): try values.withUnsafeBufferPointer(body)
        case .mapped(let file, let tensor):
            try withExtendedLifetime(file) { () throws(Failure) in
                try body(file.bytes(of: tensor).assumingMemoryBound(to: Float.self))
            }
        }
    }
}

extension UnsafeBufferPointer<Float> {
    /// Whether any number is not finite: whether any exponent is all ones, in a form that is compiled to vector instructions.
    var hasNonfinite: Bool {
        var exponent: UInt32 = 0
        for value in self { exponent = Swift.max(exponent, value.bitPattern & 0x7F80_0000) }
        return exponent == 0x7F80_0000
    }
}

extension FeatureValues: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { count }

    package subscript(position: Int) -> Float { withUnsafeBufferPointer { $0[position] } }

    package func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result? {
        try withUnsafeBufferPointer(body)
    }
}

extension FeatureValues: Equatable, ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: Float...) { self.init(elements) }

    package static func == (left: FeatureValues, right: FeatureValues) -> Bool {
        left.withUnsafeBufferPointer { left in right.withUnsafeBufferPointer { left.elementsEqual($0) } }
    }
}
