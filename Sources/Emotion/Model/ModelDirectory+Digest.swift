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

    /// Whether the files of the model at `path` are those it was registered with.
    ///
    /// - Parameters:
    ///   - digest: of both files; versions made before there was one have that of the weights alone.
    ///   - configurationDigest: of the configuration as it was registered, which only such versions need.
    /// - Throws: `SystemError` when a file cannot be read.
    package static func isUnaltered(_ path: String, digest: String, configurationDigest: String) throws -> Bool {
        if try self.digest(of: path) == digest { return true }
        return try SHA256.digest(ofFile: path + "/" + weightsName) == digest
            && SHA256.digest(ofFile: path + "/" + configurationName) == configurationDigest
    }
}
