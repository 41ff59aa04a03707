import Foundation
import JSON

/// Cuts a worker's standard output into lines and reads them as messages.
///
/// Holds no more than one line of at most `maxLineLength` bytes. What is not a message is handed on as such: a library
/// that prints to standard output must not end a training.
package struct MessageReader {
    package enum Line: Equatable {
        case message(WorkerMessage)
        /// Not a message: why not, and the beginning of the line.
        case unreadable(reason: String, excerpt: String)
    }

    private let maxLineLength: Int
    private var line: [UInt8] = []
    /// Whether the line under way is longer than allowed, so that the rest of it is passed over.
    private var isOverlong = false

    /// - Parameter maxLineLength: in bytes, without the line feed.
    package init(maxLineLength: Int = 4 << 20) {
        precondition(maxLineLength > 0, "a line has room for a byte")
        self.maxLineLength = maxLineLength
    }

    /// Takes the next bytes, and returns the lines that they complete.
    package mutating func read(_ bytes: some Collection<UInt8>) -> [Line] {
        var lines: [Line] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[..<end])
            if let line = finishLine() {
                lines.append(line)
            }
            rest = rest[rest.index(after: end)...]
        }
        take(rest)
        return lines
    }

    /// The output has ended; returns what its last line holds when no line feed followed.
    package mutating func finish() -> Line? {
        finishLine()
    }

    private mutating func take(_ bytes: some Collection<UInt8>) {
        let room = maxLineLength - line.count
        line.append(contentsOf: bytes.prefix(room))
        if bytes.count > room {
            isOverlong = true
        }
    }

    /// nil when the line is blank.
    private mutating func finishLine() -> Line? {
        defer {
            line.removeAll(keepingCapacity: line.capacity <= 1 << 16)
            isOverlong = false
        }
        if isOverlong {
            return unreadable("longer than \(maxLineLength) bytes")
        }
        guard line.contains(where: { $0 > UInt8(ascii: " ") }) else { return nil }
        do {
            let message = try WorkerMessage(line: Data(line))
            if case .event(_, EventRecord.stateKind, _) = message {
                return unreadable("an event of kind \(EventRecord.stateKind), which is the server's")
            }
            return .message(message)
        } catch DecodingError.keyNotFound(let key, _) {
            return unreadable("no field \(key.stringValue)")
        } catch let error as JSONError where error.kind == .mismatch {
            return unreadable(error.description)
        } catch DecodingError.typeMismatch(_, let context) {
            return unreadable("wrong type at \(context.codingPath.map(\.stringValue).joined(separator: "."))")
        } catch {
            return unreadable("not a message")
        }
    }

    private func unreadable(_ reason: String) -> Line {
        .unreadable(reason: reason, excerpt: String(decoding: line.prefix(200), as: UTF8.self))
    }
}
