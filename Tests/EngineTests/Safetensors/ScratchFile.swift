import Foundation

/// A file in the temporary directory, gone with its last reference.
final class ScratchFile {
    let path: String

    init(bytes: [UInt8]) throws {
        path = (NSTemporaryDirectory() as NSString).appendingPathComponent("\(UUID()).safetensors")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    convenience init(header: String, data: [UInt8]) throws {
        try self.init(bytes: ScratchFile.bytes(header: header, data: data))
    }

    deinit {
        unlink(path)
    }

    /// A safetensors file of a header and data as they are, right or wrong.
    static func bytes(header: String, data: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
    }
}
