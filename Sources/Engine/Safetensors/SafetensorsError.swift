import Platform

/// A safetensors file that cannot be read or written.
package struct SafetensorsError: Error, Hashable, CustomStringConvertible {
    /// The path of the file.
    package let file: String
    /// The tensor at fault, or nil where it is the file as a whole.
    package let tensor: String?
    /// What is wrong, as a predicate: "is not in the file".
    package let reason: String
    /// The errno of the system call that failed; nil where it is the contents of the file.
    package let code: Int32?

    package init(file: String, tensor: String?, reason: String, code: Int32? = nil) {
        self.file = file
        self.tensor = tensor
        self.reason = reason
        self.code = code
    }

    /// A system call on the file failed.
    init(file: String, _ error: SystemError) {
        let reason = "\(error.operation) failed: \(error.reason) (\(error.code))"
        self.init(file: file, tensor: nil, reason: reason, code: error.code)
    }

    package var description: String {
        guard let tensor else { return "\(file): \(reason)" }
        return "\(file): tensor \"\(tensor)\" \(reason)"
    }
}
