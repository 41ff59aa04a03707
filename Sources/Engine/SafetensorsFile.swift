/// A safetensors file, mapped into memory.
package final class SafetensorsFile: Sendable {
    package struct Entry: Sendable, Hashable {
        package var dtype: SafetensorsType
        package var shape: [Int]
        /// The bytes in the file.
        package var range: Range<Int>
        package var count: Int { shape.reduce(1, *) }
    }
    package let path: String
    package let metadata: [String: String]
    package let tensors: [String: Entry]

    package init(path: String) throws(SafetensorsError) {
        throw SafetensorsError(file: path, tensor: nil, reason: "not readable yet")
    }

    /// The elements of a tensor, row-major.
    package func floats(_ name: String) throws(SafetensorsError) -> [Float] {
        throw SafetensorsError(file: path, tensor: name, reason: "no such tensor")
    }

    package func int32s(_ name: String) throws(SafetensorsError) -> [Int32] {
        throw SafetensorsError(file: path, tensor: name, reason: "no such tensor")
    }

    /// Copies a tensor into place.
    package func copyFloats(_ name: String, to target: UnsafeMutableBufferPointer<Float>) throws(SafetensorsError) {
        throw SafetensorsError(file: path, tensor: name, reason: "no such tensor")
    }

    package func withUnsafeFloats<Result>(
        _ name: String,
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) throws -> Result {
        throw SafetensorsError(file: path, tensor: name, reason: "no such tensor")
    }
}
