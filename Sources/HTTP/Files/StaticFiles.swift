import Glibc
import HTTPTypes
import Platform

/// Answers from the regular files below a directory.
struct StaticFiles: Sendable {
    let directory: String
    /// Number of slashes in the prefix, which is how many parts of the path come before the file's.
    private let skipped: Int
    /// Of every answer with a file, or with the news that it is unchanged.
    private let fields: HTTPFields
    private let compressed = CompressedFiles()

    init(directory: String, prefix: String, fields: HTTPFields) {
        self.directory = directory
        self.fields = fields
        skipped = prefix.utf8.count { $0 == UInt8(ascii: "/") } - 1
    }

    /// The file that the path names, as the request wants it. Throws ``RequestError``.
    func respond(to request: Request) throws -> Response {
        var parts = Array(request.segments.dropFirst(skipped))
        if parts.last?.isEmpty ?? true { parts = parts.dropLast() + ["index.html"] }
        let file = try open(parts)
        let name = parts[parts.count - 1]
        let type = ContentType.of(name)
        let canBeCompressed =
            ContentType.isCompressible(type)
            && (Response.leastCompressed...CompressedFiles.largestFile).contains(file.size)
        var fields = fields
        fields[.cacheControl] = CachePolicy.of(name)
        if canBeCompressed { fields[.vary] = "Accept-Encoding" }
        var response = try Response.file(
            file, type: type, to: request, Validators(of: file), fields: fields)
        // Ranges are of the file as it is.
        guard canBeCompressed, response.status == .ok, !request.fields.contains(.range),
            AcceptedCodings(request.fields).prefersGzip,
            let bytes = try compressed.bytes(of: file, at: parts.joined(separator: "/"))
        else { return response }
        response.body = .bytes(bytes)
        response.encodeFields()
        return response
    }

    /// Walks down one part at a time and never through a symbolic link, so that no path leads out of the directory.
    private func open(_ parts: [String]) throws -> OpenFile {
        let isPlain = parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.utf8.contains(UInt8(ascii: "/")) }
        guard isPlain else { throw RequestError.notFound }
        var folder = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for part in parts.dropLast() where folder >= 0 {
            let next = openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            close(folder)
            folder = next
        }
        guard folder >= 0 else { throw Self.refusal(SystemError("openat")) }
        defer { close(folder) }
        do {
            return try OpenFile(parts[parts.count - 1], in: folder, flags: O_NOFOLLOW)
        } catch let error as SystemError {
            throw Self.refusal(error)
        }
    }

    /// What cannot be opened is not there, unless the server can open nothing at the moment.
    private static func refusal(_ error: SystemError) -> any Error {
        error.isOutOfDescriptors ? error : RequestError.notFound
    }
}
