import CZlib

/// Compresses bytes into gzip (RFC 1952), piece by piece.
final class GzipEncoder {
    private let stream: UnsafeMutablePointer<z_stream>

    /// Of what is compressed anew for each answer: more would cost more time than it saves.
    static let quickLevel: Int32 = 1
    /// Of what is compressed once for many answers.
    static let thoroughLevel: Int32 = 6

    private static let pieceSize = 16 * 1024

    init(level: Int32) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard gzip_deflate_init(stream, level) == Z_OK else { preconditionFailure("no memory to compress") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Returns all of what `bytes` become, with what can be told of those before.
    ///
    /// - Parameter isLast: no more will come.
    func encode(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
        var output: [UInt8] = []
        bytes.withUnsafeBufferPointer { input in
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.pointee.avail_in = UInt32(input.count)
            repeat {
                output += [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, filled in
                    stream.pointee.next_out = buffer.baseAddress
                    stream.pointee.avail_out = UInt32(buffer.count)
                    deflate(stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
                    filled = buffer.count - Int(stream.pointee.avail_out)
                }
            } while stream.pointee.avail_out == 0
        }
        return output
    }

    /// All of `bytes`, compressed.
    static func encode(_ bytes: [UInt8], level: Int32) -> [UInt8] {
        GzipEncoder(level: level).encode(bytes, isLast: true)
    }
}

/// Bytes that are not compressed as is said.
struct GzipError: Error {}

/// Decompresses gzip of any number of members (RFC 1952 section 2.2), or zlib's format (RFC 1950), piece by piece.
final class GzipDecoder {
    private let stream: UnsafeMutablePointer<z_stream>
    private var hasBegun = false
    private var isAtEnd = false

    /// - Parameter isGzip: whether the bytes are gzip's, and not zlib's.
    init(isGzip: Bool = true) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard (isGzip ? gzip_inflate_init(stream) : zlib_inflate_init(stream)) == Z_OK else {
            preconditionFailure("no memory to decompress")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Whether the bytes so far are whole members, or none at all.
    var isWhole: Bool { isAtEnd || !hasBegun }

    /// Takes bytes off `input` and returns what they become, at most `limit` bytes; none when it needs more input.
    func decode(_ input: inout ArraySlice<UInt8>, limit: Int) throws(GzipError) -> [UInt8] {
        var isBroken = false
        let output = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
            stream.pointee.next_out = buffer.baseAddress
            stream.pointee.avail_out = UInt32(buffer.count)
            input.withUnsafeBufferPointer { input in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                isBroken = !inflateMembers()
            }
            filled = buffer.count - Int(stream.pointee.avail_out)
        }
        guard !isBroken else { throw GzipError() }
        input = input.suffix(Int(stream.pointee.avail_in))
        return output
    }

    /// Goes on until there is no room or no input. Returns false where that is no gzip.
    private func inflateMembers() -> Bool {
        while stream.pointee.avail_out > 0 {
            if stream.pointee.avail_in > 0 {
                hasBegun = true
                if isAtEnd { inflateReset(stream) }
                isAtEnd = false
            }
            guard hasBegun, !isAtEnd else { return true }
            switch inflate(stream, Z_NO_FLUSH) {
            case Z_OK: break
            case Z_STREAM_END: isAtEnd = true
            // It needs more input.
            case Z_BUF_ERROR: return true
            default: return false
            }
        }
        return true
    }
}
