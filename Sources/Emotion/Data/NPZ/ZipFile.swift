import CZip
import Foundation

/// What libzip reports, without the name of the file or entry.
struct ZipFailure: Error {
    let reason: String
}

/// A zip archive that is read, through libzip. Not thread-safe.
final class ZipReader {
    /// What the central directory says about an entry; none of it is checked against the data yet.
    struct Entry {
        /// Decoded for reading; control characters come as symbols or spaces, so two entries may look alike.
        let name: String
        let size: UInt64
        let compressedSize: UInt64
        let isEncrypted: Bool
        /// Neither stored nor deflated.
        let isUnknownMethod: Bool
    }

    private let archive: OpaquePointer
    let entryCount: Int

    init(path: String) throws(ZipFailure) {
        var code: Int32 = 0
        guard let archive = zip_open(path, ZIP_RDONLY, &code) else {
            var error = zip_error_t()
            zip_error_init_with_code(&error, code)
            defer { zip_error_fini(&error) }
            throw ZipFailure(reason: String(cString: zip_error_strerror(&error)))
        }
        self.archive = archive
        entryCount = Int(max(0, zip_get_num_entries(archive, 0)))
    }

    /// An archive in memory, which is copied.
    init(_ bytes: [UInt8]) throws(ZipFailure) {
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        guard let copy = malloc(max(bytes.count, 1)) else { throw ZipFailure(reason: "no memory") }
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: copy, count: $0.count).copyBytes(from: $0) }
        // From here on the copy is libzip's to free.
        guard let source = zip_source_buffer_create(copy, zip_uint64_t(bytes.count), 1, &error) else {
            free(copy)
            throw ZipFailure(reason: String(cString: zip_error_strerror(&error)))
        }
        guard let archive = zip_open_from_source(source, ZIP_RDONLY, &error) else {
            zip_source_free(source)
            throw ZipFailure(reason: String(cString: zip_error_strerror(&error)))
        }
        self.archive = archive
        entryCount = Int(max(0, zip_get_num_entries(archive, 0)))
    }

    deinit { zip_discard(archive) }

    func entry(_ index: Int) throws(ZipFailure) -> Entry {
        var status = zip_stat_t()
        zip_stat_init(&status)
        guard zip_stat_index(archive, zip_uint64_t(index), 0, &status) == 0,
            let name = zip_get_name(archive, zip_uint64_t(index), ZIP_FL_ENC_GUESS)
        else { throw ZipFailure(reason: String(cString: zip_strerror(archive))) }
        return Entry(
            name: String(cString: name),
            size: status.size,
            compressedSize: status.comp_size,
            isEncrypted: status.encryption_method != UInt16(ZIP_EM_NONE),
            isUnknownMethod: status.comp_method != UInt16(ZIP_CM_STORE)
                && status.comp_method != UInt16(ZIP_CM_DEFLATE)
        )
    }

    /// A stream over the bytes of an entry; the archive stays open as long as the stream lives.
    func open(_ index: Int) throws(ZipFailure) -> ZipStream {
        guard let file = zip_fopen_index(archive, zip_uint64_t(index), 0) else {
            throw ZipFailure(reason: String(cString: zip_strerror(archive)))
        }
        return ZipStream(file: file, reader: self)
    }
}

/// The uncompressed bytes of an entry from front to back. Memory does not depend on the size of the entry.
final class ZipStream {
    private let file: OpaquePointer
    private let reader: ZipReader

    fileprivate init(file: OpaquePointer, reader: ZipReader) {
        self.file = file
        self.reader = reader
    }

    deinit { zip_fclose(file) }

    /// Fills the buffer as far as there is data and returns the number of bytes. libzip checks the entry's checksum and
    /// size when the end is reached.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ZipFailure) -> Int {
        var filled = 0
        while filled < buffer.count, let start = buffer.baseAddress {
            let count = zip_fread(file, start + filled, zip_uint64_t(buffer.count - filled))
            guard count >= 0 else {
                let reason = String(cString: zip_file_strerror(file))
                throw ZipFailure(reason: "cannot be unpacked (\(reason)): damaged on its way?")
            }
            if count == 0 { break }
            filled += Int(count)
        }
        return filled
    }
}

/// A zip archive that is written, through libzip: to a file, which appears at its path only when ``close()`` succeeds, or in
/// memory.
final class ZipWriter {
    /// Where the bytes of an entry come from.
    private final class Source {
        let size: Int
        let produce: (UnsafeMutableRawBufferPointer, Int) -> Void
        var position = 0
        var error = zip_error_t()

        init(size: Int, produce: @escaping (UnsafeMutableRawBufferPointer, Int) -> Void) {
            self.size = size
            self.produce = produce
            zip_error_init(&error)
        }
    }

    private var archive: OpaquePointer?
    /// Where an archive in memory is kept; nil for a file.
    private let memory: OpaquePointer?

    init(path: String) throws(ZipFailure) {
        var code: Int32 = 0
        guard let archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code) else {
            var error = zip_error_t()
            zip_error_init_with_code(&error, code)
            defer { zip_error_fini(&error) }
            throw ZipFailure(reason: String(cString: zip_error_strerror(&error)))
        }
        self.archive = archive
        memory = nil
    }

    /// Writes to memory: ``bytes()`` gives the archive.
    init() throws(ZipFailure) {
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        guard let memory = zip_source_buffer_create(nil, 0, 0, &error) else {
            throw ZipFailure(reason: String(cString: zip_error_strerror(&error)))
        }
        guard let archive = zip_open_from_source(memory, ZIP_TRUNCATE, &error) else {
            zip_source_free(memory)
            throw ZipFailure(reason: String(cString: zip_error_strerror(&error)))
        }
        // The archive holds it only until it is closed.
        zip_source_keep(memory)
        self.archive = archive
        self.memory = memory
    }

    deinit {
        if let archive { zip_discard(archive) }
        if let memory { zip_source_free(memory) }
    }

    /// Adds an entry of `size` bytes. `produce` is called by ``close()`` with a buffer to fill and the position of its
    /// first byte, from front to back; more than once when libzip starts over.
    func add(
        name: String,
        size: Int,
        deflated: Bool,
        produce: @escaping (UnsafeMutableRawBufferPointer, Int) -> Void
    ) throws(ZipFailure) {
        guard let archive else { throw ZipFailure(reason: "the archive is closed") }
        let context = Unmanaged.passRetained(Source(size: size, produce: produce)).toOpaque()
        guard let source = zip_source_function(archive, Self.serve, context) else {
            Unmanaged<Source>.fromOpaque(context).release()
            throw ZipFailure(reason: String(cString: zip_strerror(archive)))
        }
        let index = zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8)
        guard index >= 0 else {
            zip_source_free(source)
            throw ZipFailure(reason: String(cString: zip_strerror(archive)))
        }
        let method = deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE
        // 1980-01-01, the first day of zip: the same content makes the same file.
        guard zip_set_file_compression(archive, zip_uint64_t(index), zip_int32_t(method), 1) == 0,
            zip_file_set_dostime(archive, zip_uint64_t(index), 0, 1 << 5 | 1, 0) == 0
        else { throw ZipFailure(reason: String(cString: zip_strerror(archive))) }
    }

    func close() throws(ZipFailure) {
        guard let archive else { return }
        guard zip_close(archive) == 0 else { throw ZipFailure(reason: String(cString: zip_strerror(archive))) }
        self.archive = nil
    }

    /// Closes an archive in memory and returns it.
    func bytes() throws(ZipFailure) -> [UInt8] {
        guard let memory else { preconditionFailure("the archive is a file") }
        try close()
        guard zip_source_open(memory) == 0, zip_source_seek(memory, 0, SEEK_END) == 0 else {
            throw ZipFailure(reason: String(cString: zip_error_strerror(zip_source_error(memory))))
        }
        defer { zip_source_close(memory) }
        let size = Int(zip_source_tell(memory))
        zip_source_seek(memory, 0, SEEK_SET)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = Int(max(0, zip_source_read(memory, buffer.baseAddress, zip_uint64_t(size))))
        }
        guard bytes.count == size else { throw ZipFailure(reason: "the archive cannot be read back") }
        return bytes
    }

    /// The commands of a libzip source that can be read from the start any number of times.
    private static let serve: zip_source_callback = { context, data, length, command in
        guard let context else { return -1 }
        let source = Unmanaged<Source>.fromOpaque(context).takeUnretainedValue()
        switch command {
        case ZIP_SOURCE_OPEN:
            source.position = 0
            return 0
        case ZIP_SOURCE_READ:
            let count = min(Int(clamping: length), source.size - source.position)
            if count > 0 {
                source.produce(UnsafeMutableRawBufferPointer(start: data, count: count), source.position)
            }
            source.position += count
            return zip_int64_t(count)
        case ZIP_SOURCE_CLOSE: return 0
        case ZIP_SOURCE_STAT:
            guard let status = data?.assumingMemoryBound(to: zip_stat_t.self) else { return -1 }
            zip_stat_init(status)
            status.pointee.size = zip_uint64_t(source.size)
            status.pointee.valid = zip_uint64_t(ZIP_STAT_SIZE)
            return zip_int64_t(MemoryLayout<zip_stat_t>.size)
        case ZIP_SOURCE_ERROR: return zip_error_to_data(&source.error, data!, length)
        case ZIP_SOURCE_FREE:
            Unmanaged<Source>.fromOpaque(context).release()
            return 0
        case ZIP_SOURCE_SUPPORTS:
            return [
                ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
            ]
            .reduce(0) { $0 | zip_int64_t(1) << zip_int64_t($1.rawValue) }
        default:
            zip_error_set(&source.error, ZIP_ER_OPNOTSUPP, 0)
            return -1
        }
    }
}
