import Platform

/// Files that were compressed already, the last used of them, up to a number of bytes.
final class CompressedFiles: Sendable {
    /// Larger files are not compressed.
    static let largestFile = 4 << 20

    private struct State {
        /// By path.
        var entries: [String: (tag: String, bytes: [UInt8], lastUse: Int)] = [:]
        var uses = 0
        var bytes = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int = 16 << 20) { self.limit = limit }

    /// Bytes that are kept.
    var byteCount: Int { state.withLock { $0.bytes } }

    /// The bytes of a file, compressed; nil if it has become shorter. Throws ``SystemError``.
    func bytes(of file: OpenFile, at path: String) throws -> [UInt8]? {
        let tag = file.entityTag
        let known = state.withLock { state -> [UInt8]? in
            guard let entry = state.entries[path], entry.tag == tag else { return nil }
            state.uses += 1
            state.entries[path]?.lastUse = state.uses
            return entry.bytes
        }
        if let known { return known }
        let content = try file.read(at: 0, count: file.size)
        guard content.count == file.size else { return nil }
        let bytes = GzipEncoder.encode(content, level: GzipEncoder.thoroughLevel)
        state.withLock { keep(bytes, tag, at: path, &$0) }
        return bytes
    }

    private func keep(_ bytes: [UInt8], _ tag: String, at path: String, _ state: inout State) {
        guard bytes.count <= limit else { return }
        state.uses += 1
        state.bytes += bytes.count - (state.entries[path]?.bytes.count ?? 0)
        state.entries[path] = (tag, bytes, state.uses)
        while state.bytes > limit, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            state.entries[oldest.key] = nil
            state.bytes -= oldest.value.bytes.count
        }
    }
}
