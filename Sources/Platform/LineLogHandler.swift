package import Logging

/// Writes what swift-log is given as lines of a ``LogWriter``, in its format.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let writer: LogWriter

    package init(writer: LogWriter) { self.writer = writer }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var pairs = metadata
        if let provided = metadataProvider?.get() { pairs.merge(provided) { $1 } }
        if let own = event.metadata { pairs.merge(own) { $1 } }
        if writer.format == .json {
            if let error = event.error, pairs["error"] == nil { pairs["error"] = "\(error)" }
            let line = JSONLogLine(event.level, "\(event.message)", pairs)
            return writer.line(isUrgent: true) { $0 += line.bytes }
        }
        var text = "\(event.level) \(Self.oneLine("\(event.message)"))"
        for (key, value) in pairs.sorted(by: { $0.key < $1.key }) { text += " \(key)=\(Self.word("\(value)"))" }
        if let error = event.error { text += " error=\(Self.word("\(error)"))" }
        writer.line(isUrgent: true) { $0 += text.utf8 }
    }

    /// What came from outside must not be able to begin a line of its own.
    private static func oneLine(_ text: String) -> String {
        text.unicodeScalars.contains(where: { $0.value < 0x20 }) ? quoted(text) : text
    }

    private static func word(_ text: String) -> String {
        let isWord = !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "\\" }
        return isWord ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String { text.debugDescription }
}
