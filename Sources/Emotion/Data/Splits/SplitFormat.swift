import Foundation

/// What kind of file a split is, by its content.
package enum SplitFormat: Sendable, Equatable {
    case archive
    /// Newline-delimited JSON; also what is empty.
    case lines
    /// A JSON array.
    case array
    /// Clips as a server keeps them: ``PackedSplit``.
    case packed
    /// Something else, with what is to be said of it.
    case foreign(String)

    /// Bytes from the start of a file that tell it.
    package static let startSize = 512

    /// Looks into the file at `path`; nil when it cannot be read.
    package init?(path: String) {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let start = try? file.read(upToCount: Self.startSize) ?? Data() else { return nil }
        self.init(start: [UInt8](start))
    }

    /// - Parameter start: the first ``startSize`` bytes, or all there are.
    package init(start: [UInt8]) {
        if start.starts(with: "PK".utf8) {
            self = .archive
        } else if let known = Self.known.first(where: { start.starts(with: $0.magic) }) {
            self = .foreign(known.reason)
        } else if start.dropFirst(257).starts(with: "ustar".utf8) {
            self = .foreign("is a tar archive; save the arrays by numpy.savez")
        } else if start.count > 9, start[8] == UInt8(ascii: "{"), start[5..<8].allSatisfy({ $0 == 0 }) {
            // What the service writes has this in front of all it says of tensors.
            let header = String(decoding: start, as: UTF8.self)
            self =
                header.contains("\"format\":\"\(PackedSplitLayout.format)\"")
                ? .packed : .foreign("is a safetensors file; save the arrays by numpy.savez")
        } else {
            self = Self.text(start)
        }
    }

    /// Why a file of this kind is no split, nil when it may be one.
    package var fault: String? {
        switch self {
        case .archive, .lines: nil
        case .packed: "is a packed split, which only the service that wrote it reads; take the file that it was made of"
        case .array: "is a JSON array, not lines of JSON objects; one clip a line makes jq -c '.[]'"
        case .foreign(let reason): reason
        }
    }

    private static func text(_ start: [UInt8]) -> SplitFormat {
        // Of a character of ASCII, UTF-16 makes a zero and the character.
        if start.prefix(2).count(where: { $0 == 0 }) == 1 { return .foreign(utf16) }
        let text = start.dropFirst(start.starts(with: byteOrderMark) ? byteOrderMark.count : 0)
        switch text.first(where: { !" \t\r\n".utf8.contains($0) }) {
        case nil, UInt8(ascii: "{"): return .lines
        case UInt8(ascii: "["): return .array
        default: return .foreign("is neither an npz archive nor lines of JSON objects")
        }
    }

    /// What some programs put in front of UTF-8.
    package static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private static let pickle = """
        is a pickle, which could run any program and is never loaded; save its arrays by numpy.savez
        """
    private static let npy = """
        is a single array (npy); save all of them by numpy.savez(path, text=text, labels=labels)
        """
    private static let utf16 = "is text in UTF-16; save it in UTF-8"

    private static let known: [(magic: [UInt8], reason: String)] = [
        ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], npy),
        ([0x80, 0x02], pickle), ([0x80, 0x03], pickle), ([0x80, 0x04], pickle), ([0x80, 0x05], pickle),
        ([0x1F, 0x8B], "is compressed by gzip; unpack it (gunzip)"),
        ([0x42, 0x5A, 0x68], "is compressed by bzip2; unpack it (bunzip2)"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "is compressed by xz; unpack it (unxz)"),
        ([0x28, 0xB5, 0x2F, 0xFD], "is compressed by zstd; unpack it (unzstd)"),
        ([0x37, 0x7A, 0xBC, 0xAF], "is a 7z archive; save the arrays by numpy.savez"),
        ([0x89, 0x48, 0x44, 0x46], "is an HDF5 file; read its arrays with h5py and save them by numpy.savez"),
        ([0x50, 0x41, 0x52, 0x31], "is a Parquet file; save its columns by numpy.savez"),
        ([0x41, 0x52, 0x52, 0x4F, 0x57, 0x31], "is an Arrow file; save its columns by numpy.savez"),
        (Array("MATLAB".utf8), "is a MATLAB file; read it with scipy.io.loadmat and save its arrays by numpy.savez"),
        ([0xFF, 0xFE], utf16), ([0xFE, 0xFF], utf16),
    ]
}
