import Engine
import Foundation
import JSON
import Platform

/// States on the disk: one safetensors file with the tensors `parameters/…`, `first_moment/…`, `second_moment/…` and, after
/// the first epoch, `best/…`, and everything else as JSON in its metadata.
extension TrainingState {
    /// What a file was given, to find out later whether it still holds that.
    package struct Written: Sendable, Equatable {
        /// `sha256:…` over all bytes.
        package let digest: String
        package let byteCount: Int
    }

    /// Writes a file that appears whole, and does not return before it survives the machine. Tensors are written from
    /// where they are.
    ///
    /// - Parameters:
    ///   - training: whose state it is.
    ///   - written: called for every piece, when it is in the file that does not have its name yet.
    /// - Throws: `SafetensorsError` when it cannot be written.
    package func write(
        to path: String, of training: Training, written: () -> Void = {}
    ) throws -> Written {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let header = try encoder.encode(Header(self, of: training))
        var tensors: [Safetensors.Tensor] = []
        for parameter in parameters.layout.parameters {
            func add(_ part: Part, _ elements: UnsafeBufferPointer<Float>) {
                tensors.append(.init(name: part.name(parameter), shape: parameter.shape, elements))
            }
            let moments = optimizer.moments(parameter)
            add(.parameters, UnsafeBufferPointer(start: parameters.pointer(parameter), count: parameter.count))
            add(.firstMoment, moments.first)
            add(.secondMoment, moments.second)
            if let bestParameters {
                add(.best, UnsafeBufferPointer(start: bestParameters.pointer(parameter), count: parameter.count))
            }
        }
        var hash = SHA256()
        var byteCount = 0
        try Safetensors.write(
            to: path, tensors: tensors,
            metadata: ["format": Header.format, "state": String(decoding: header, as: UTF8.self)]
        ) { bytes in
            hash.update(bytes)
            byteCount += bytes.count
            written()
        }
        return Written(digest: hash.finish(), byteCount: byteCount)
    }

    enum Part: String {
        case parameters, best
        case firstMoment = "first_moment"
        case secondMoment = "second_moment"

        func name(_ parameter: Parameter) -> String { "\(rawValue)/\(parameter.name)" }
    }

    /// All of a state but its tensors.
    struct Header: Codable {
        static let format = "limbic-training"
        /// Changes when a step of the same training comes to other numbers.
        static let version = 1

        let version: Int
        let identity: TrainingIdentity
        let steps: Int
        let epoch: Int
        let best: BestEpoch.Record?
        let patience: BestEpoch.Record?
        let stoppedEarly: TrainingSummary.EarlyStop?
        let clock: TrainingClock.Reading
        let notes: String?
        /// Of the training split, for what makes a model of the file without its data: where features are standardized,
        /// how, and how many clips there are; nil in files of earlier versions.
        let standardization: [String: Standardization]?
        let clips: Int?

        init(_ state: TrainingState, of training: Training) {
            version = Self.version
            identity = training.identity
            steps = state.steps
            epoch = state.epoch
            best = state.best.record
            patience = state.patience?.best.record
            stoppedEarly = state.stoppedEarly
            clock = state.clock
            notes = state.notes
            standardization = training.network.configuration.standardization
            clips = training.clips
        }

        private enum CodingKeys: String, CodingKey {
            case version, identity, steps, epoch, best, patience, clock, notes, standardization, clips
            case stoppedEarly = "stopped_early"
        }
    }
}

extension TrainingState {
    /// Opens a file that is what was written, and calls `body` with it.
    ///
    /// - Parameter digest: of what the file is to hold, `sha256:…`.
    /// - Throws: ``TrainingStateError``, and `MemoryError` of `body`.
    static func reading<Value>(
        _ path: String, digest: String, _ body: (SafetensorsFile, Header) throws -> Value
    ) throws -> Value {
        func fault(_ reason: String) -> TrainingStateError { TrainingStateError(.unreadable, file: path, reason) }
        do {
            guard try SHA256.digest(ofFile: path) == digest else {
                throw fault("is damaged: it is not what was written")
            }
            let file = try SafetensorsFile(path: path)
            guard file.metadata["format"] == Header.format, let text = file.metadata["state"] else {
                throw fault("is not the state of a training")
            }
            let header = try JSONReader.decode(Header.self, from: Data(text.utf8))
            guard header.version == Header.version else {
                throw fault("is of a version of Limbic that trains in another way")
            }
            return try body(file, header)
        } catch let error as TrainingStateError {
            throw error
        } catch let error as MemoryError {
            throw error
        } catch let error as SystemError {
            throw fault("cannot be read: \(error.reason)")
        } catch let error as SafetensorsError {
            throw fault(error.reason)
        } catch {
            throw fault("is not the state of a training: its metadata cannot be read")
        }
    }
}

extension SafetensorsFile {
    /// Elements of a parameter in a state of a training.
    ///
    /// - Throws: ``TrainingStateError``, `SafetensorsError`.
    func floats(_ part: TrainingState.Part, _ parameter: Parameter) throws -> [Float] {
        let name = part.name(parameter)
        guard let entry = tensors[name], entry.shape == parameter.shape else {
            throw TrainingStateError(.unreadable, file: path, "lacks \(name) of shape \(parameter.shape)")
        }
        return try floats(name)
    }
}

extension Training {
    /// Reads a state of this training.
    ///
    /// - Parameter digest: of what the file is to hold, `sha256:…`.
    /// - Throws: ``TrainingStateError``
    package func state(at path: String, digest: String) throws -> TrainingState {
        try TrainingState.reading(path, digest: digest) { file, header in
            let differences = identity.differences(from: header.identity)
            guard differences.isEmpty else {
                throw TrainingStateError(
                    .otherTraining, file: path, "is of another training: \(differences.joined(separator: ", "))")
            }
            guard isPlausible(header) else {
                throw TrainingStateError(.unreadable, file: path, "is of a place that this training has not")
            }
            return try state(of: file, header)
        }
    }

    private func isPlausible(_ header: TrainingState.Header) -> Bool {
        let epochs = network.configuration.hyperparameters.epochs
        guard (0...epochs).contains(header.epoch), (header.best != nil) == (header.epoch > 0) else { return false }
        let perEpoch = steps / epochs
        return (header.epoch * perEpoch...min((header.epoch + 1) * perEpoch, steps)).contains(header.steps)
    }

    private func state(of file: SafetensorsFile, _ header: TrainingState.Header) throws -> TrainingState {
        let (layout, hyperparameters) = (network.layout, network.configuration.hyperparameters)
        let precision = hyperparameters.precision.resolved
        func parameters(_ part: TrainingState.Part) throws -> Parameters {
            try Parameters(layout: layout, precision: precision) { try file.floats(part, $0) }
        }
        var state = TrainingState(
            parameters: try parameters(.parameters),
            optimizer: try AdamW(layout: layout, weightDecay: hyperparameters.weightDecay, steps: header.steps) {
                (try file.floats(.firstMoment, $0), try file.floats(.secondMoment, $0))
            },
            best: BestEpoch(selectBy: hyperparameters.selectBy, record: header.best),
            bestParameters: try header.best.map { _ in try parameters(.best) },
            patience: earlyStopping.map { Patience($0, record: header.patience) }
        )
        state.epoch = header.epoch
        state.stoppedEarly = header.stoppedEarly
        state.clock = header.clock
        state.notes = header.notes
        return state
    }
}
