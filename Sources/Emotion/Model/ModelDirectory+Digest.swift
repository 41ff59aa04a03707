import Platform

extension ModelDirectory {
    /// SHA-256 over the digests of both files of the model at `path`, and so over weights and configuration: what
    /// `sha256sum config.json model.safetensors | sha256sum` prints there.
    ///
    /// - Returns: `sha256:…`.
    /// - Throws: `SystemError` when a file cannot be read.
    package static func digest(of path: String) throws -> String {
        let lines = try [configurationName, weightsName].map { name in
            try SHA256.digest(ofFile: path + "/" + name).dropFirst("sha256:".count) + "  \(name)\n"
        }
        return SHA256.digest(of: Array(lines.joined().utf8))
    }
}
