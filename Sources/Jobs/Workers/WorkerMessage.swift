package import Foundation
import JSON

/// What a worker tells the server: one JSON object per line on its standard output.
///
/// ```json
/// {"type":"progress","step":12,"steps":400,"epoch":0,"epochs":10,"clips_per_second":310.5,
///  "seconds_left":80}
/// {"type":"metric","name":"train_loss","step":12,"value":0.41}
/// {"type":"event","kind":"epoch","number":2,"document":{"epoch":1}}
/// {"type":"checkpoint","name":"checkpoint-40.safetensors","step":40,"epoch":1,"digest":"sha256:…","byte_count":5120,
///  "document":{"seconds":12.5}}
/// {"type":"heartbeat"}
/// {"type":"result","document":{"best_epoch":7}}
/// {"type":"failure","message":"the data set has no labels"}
/// ```
package enum WorkerMessage: Sendable, Equatable {
    case progress(JobProgress)
    /// A measurement; a value that is not finite travels as null.
    case metric(name: String, step: Int, value: Double)
    /// Something worth telling the listeners of the job. `document` is a JSON object; ``EventRecord/stateKind`` is not
    /// a kind a worker may use.
    ///
    /// `number` is its place in the history of the training, counted from 1: a training that goes on from a checkpoint
    /// tells what comes after it once more, under the same numbers. nil for what belongs to the attempt.
    case event(number: Int?, kind: String, document: Data)
    /// The training can go on from a file, which is on the disk and whole. All that was told before it in the stream
    /// belongs to what came before the checkpoint.
    case checkpoint(Checkpoint)
    /// The process is alive, whatever the training does.
    case heartbeat
    /// The training is complete, and its files are on the disk. `document` is a JSON object.
    case result(document: Data)
    /// The training cannot be done, and why.
    case failure(message: String)

    /// A file that a training can go on from.
    package struct Checkpoint: Sendable, Equatable {
        /// Of the file, in the directory that the worker was given: no path.
        package var name: String
        /// Steps made.
        package var step: Int
        /// Epochs trained and evaluated.
        package var epoch: Int
        /// `sha256:…` over all bytes of the file.
        package var digest: String
        package var byteCount: Int
        /// A JSON object.
        package var document: Data

        package init(name: String, step: Int, epoch: Int, digest: String, byteCount: Int, document: Data) {
            self.name = name
            self.step = step
            self.epoch = epoch
            self.digest = digest
            self.byteCount = byteCount
            self.document = document
        }
    }

    /// The most steps, epochs or bytes a message may speak of, so that what is computed with them does not overflow.
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
            case progress, metric, event, checkpoint, heartbeat, result, failure
        }

        var type: Kind
        var step: Int?
        var steps: Int?
        var epoch: Int?
        var epochs: Int?
        var clipsPerSecond: Double?
        var secondsLeft: Double?
        var name: String?
        var value: Double?
        var number: Int?
        var kind: String?
        var digest: String?
        var byteCount: Int?
        var document: [String: JSONValue]?
        var message: String?

        enum CodingKeys: String, CodingKey {
            case type, step, steps, epoch, epochs, name, value, number, kind, digest, document, message
            case byteCount = "byte_count"
            case clipsPerSecond = "clips_per_second"
            case secondsLeft = "seconds_left"
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
                secondsLeft = progress.secondsLeft
            case .metric(let name, let step, let value):
                type = .metric
                self.name = name
                self.step = step
                self.value = value.isFinite ? value : nil
            case .event(let number, let kind, let document):
                type = .event
                self.number = number
                self.kind = kind
                self.document = try JSONReader.decode([String: JSONValue].self, from: document)
            case .checkpoint(let checkpoint):
                type = .checkpoint
                name = checkpoint.name
                step = checkpoint.step
                epoch = checkpoint.epoch
                digest = checkpoint.digest
                byteCount = checkpoint.byteCount
                document = try JSONReader.decode([String: JSONValue].self, from: checkpoint.document)
            case .heartbeat:
                type = .heartbeat
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
                        clipsPerSecond: clipsPerSecond,
                        secondsLeft: secondsLeft
                    )
                )
            case .metric:
                try .metric(name: field(name, .name), step: count(step, .step), value: value ?? .nan)
            case .event:
                try .event(
                    number: number.map { try count($0, .number) },
                    kind: field(kind, .kind),
                    document: encoded(field(document, .document))
                )
            case .checkpoint:
                try .checkpoint(
                    Checkpoint(
                        name: fileName(name, .name),
                        step: count(step, .step),
                        epoch: count(epoch, .epoch),
                        digest: field(digest, .digest),
                        byteCount: count(byteCount, .byteCount),
                        document: encoded(field(document, .document))
                    )
                )
            case .heartbeat:
                .heartbeat
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

        /// A name that leads nowhere else than to a file in its directory.
        private func fileName(_ value: String?, _ key: CodingKeys) throws -> String {
            let name = try field(value, key)
            guard !name.isEmpty, !name.hasPrefix("."), !name.utf8.contains(UInt8(ascii: "/")),
                !name.utf8.contains(0)
            else {
                throw DecodingError.typeMismatch(
                    String.self, .init(codingPath: [key], debugDescription: "a name is that of a file, and no path"))
            }
            return name
        }

        private func encoded(_ document: [String: JSONValue]) throws -> Data {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(document)
        }
    }
}
