/// Writing of safetensors files.
package enum Safetensors {
    /// A float32 tensor to be written.
    package struct Tensor {
        package var name: String
        package var shape: [Int]
        package var elements: Elements

        package enum Elements {
            case array([Float])
            /// Memory that outlives the write.
            case buffer(UnsafeBufferPointer<Float>)
        }

        package init(name: String, shape: [Int], _ elements: [Float]) {
            self.name = name
            self.shape = shape
            self.elements = .array(elements)
        }

        package init(name: String, shape: [Int], _ elements: UnsafeBufferPointer<Float>) {
            self.name = name
            self.shape = shape
            self.elements = .buffer(elements)
        }
    }

    package static func write(
        to path: String,
        tensors: [Tensor],
        metadata: [String: String] = [:]
    ) throws(SafetensorsError) {
        throw SafetensorsError(file: path, tensor: nil, reason: "not writable yet")
    }
}
