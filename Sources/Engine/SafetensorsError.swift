/// A safetensors file that cannot be read or written.
package struct SafetensorsError: Error, Hashable, CustomStringConvertible {
    /// The path of the file.
    package var file: String
    /// The tensor at fault, or nil where the file as a whole is.
    package var tensor: String?
    /// What is wrong, as a phrase.
    package var reason: String

    package var description: String {
        guard let tensor else { return "\(file): \(reason)" }
        return "\(file): tensor \"\(tensor)\": \(reason)"
    }
}
