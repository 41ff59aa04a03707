package import Foundation
import JSON

/// What a worker tells the server: one JSON object per line on its standard output.
///
/// ```json
/// {"type":"progress","step":12,"steps":400,"epoch":0,"epochs":10,"clips_per_second":310.5}
/// {"type":"metric","name":"train_loss","step":12,"value":0.41}
/// {"type":"event","kind":"epoch","document":{"epoch":1}}
/// {"type":"result","document":{"best_epoch":7}}
/// {"type":"failure","message":"the data set has no labels"}
/// ```
package enum WorkerMessage: Sendable, Equatable {
    case progress(JobProgress)
    /// A measurement; a value that is not finite travels as null.
    case metric(name: String, step: Int, value: Double)
    /// Something worth telling the listeners of the job. `document` is a JSON object; ``EventRecord/stateKind`` is not
    /// a kind a worker may use.
    case event(kind: String, document: Data)
    /// The training is complete, and its files are on the disk. `document` is a JSON object.
    case result(document: Data)
    /// The training cannot be done, and why.
    case failure(message: String)

    /// The most steps or epochs a message may speak of, so that what is computed with them does not overflow.
    private static let maxCount = 1 << 40

    /// The message as a line, with the line feed at its end.
    ///
    /// - Throws: `JSONError` when a document is not a JSON object.
    package func line() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var line = try encoder.encode(Wire(self))
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// Reads a line; a line feed at its end is allowed.
    ///
    /// - Throws: `JSONError` when it is not JSON or no known type of message, `DecodingError` when it lacks a field.
    package init(line: Data) throws {
        self = try JSONReader.decode(Wire.self, from: line).unwrapped()
    }
}

extension WorkerMessage {
    /// A message as it travels: the fields of all types, of which each type has its own.
    private struct Wire: Codable {
        enum Kind: String, Codable {
            case progress, metric, event, result, failure
        }

        var type: Kind
        var step: Int?
        var steps: Int?
        var epoch: Int?
        var epochs: Int?
        var clipsPerSecond: Double?
        var name: String?
        var value: Double?
        var kind: String?
        var document: [String: JSONValue]?
        var message: String?

        enum CodingKeys: String, CodingKey {
            case type, step, steps, epoch, epochs, name, value, kind, document, message
            case clipsPerSecond = "clips_per_second"
        }

        init(_ message: WorkerMessage) throws {
            switch message {
            case .progress(let progress):
                type = .progress
                step = progress.step
                steps = progress.steps
                epoch = progress.epoch
                epochs = progress.epochs
                clipsPerSecond = progress.clipsPerSecond
            case .metric(let name, let step, let value):
                type = .metric
                self.name = name
                self.step = step
                self.value = value.isFinite ? value : nil
            case .event(let kind, let document):
                type = .event
                self.kind = kind
                self.document = try JSONReader.decode([String: JSONValue].self, from: document)
            case .result(let document):
                type = .result
                self.document = try JSONReader.decode([String: JSONValue].self, from: document)
            case .failure(let message):
                type = .failure
                self.message = message
            }
        }

        func unwrapped() throws -> WorkerMessage {
            switch type {
            case .progress:
                try .progress(
                    JobProgress(
                        step: count(step, .step),
                        steps: count(steps, .steps),
                        epoch: count(epoch, .epoch),
                        epochs: count(epochs, .epochs),
                        clipsPerSecond: clipsPerSecond
                    )
                )
            case .metric:
                try .metric(name: field(name, .name), step: count(step, .step), value: value ?? .nan)
            case .event:
                try .event(kind: field(kind, .kind), document: encoded(field(document, .document)))
            case .result:
                try .result(document: encoded(field(document, .document)))
            case .failure:
                try .failure(message: field(self.message, .message))
            }
        }

        private func field<T>(_ value: T?, _ key: CodingKeys) throws -> T {
            guard let value else {
                throw DecodingError.keyNotFound(
                    key,
                    .init(codingPath: [], debugDescription: "a \(type.rawValue) message has a field \(key.rawValue)")
                )
            }
            return value
        }

        private func count(_ value: Int?, _ key: CodingKeys) throws -> Int {
            let value = try field(value, key)
            guard (0...WorkerMessage.maxCount).contains(value) else {
                throw DecodingError.typeMismatch(
                    Int.self,
                    .init(codingPath: [key], debugDescription: "a count is 0 to \(WorkerMessage.maxCount)")
                )
            }
            return value
        }

        private func encoded(_ document: [String: JSONValue]) throws -> Data {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(document)
        }
    }
}
