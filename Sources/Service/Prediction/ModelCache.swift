import Dispatch
import Emotion
import Foundation
import HTTPTypes
import Platform

/// The models in memory: loaded when first asked for, those not used for longest given up when their weights take more
/// bytes than they may.
///
/// A model that is given up stays in memory until the predictions that use it are done.
final class ModelCache: Sendable {
    struct Limits: Sendable {
        /// Bytes of weights, those being loaded included.
        var memory: Int
        /// Bytes of a request.
        var document: Int
        /// Units of a clip over all modalities.
        var clipUnits: Int
    }

    private typealias Waiter = @Sendable (Result<LoadedModel, any Error>) -> Void

    private struct Key: Hashable {
        let name: String
        let number: Int
    }

    private struct Entry {
        /// nil while it is loaded.
        var loaded: LoadedModel?
        /// What wait for it, while it is loaded: one load, however many ask at the same time.
        var waiters: [Waiter] = []
        var bytes = 0
        var lastUse: Int
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var uses = 0
        /// Why versions are not ready that were unloaded, or failed to load.
        var reasons: [Key: String] = [:]
        var bytes: Int { entries.values.reduce(0) { $0 + $1.bytes } }
    }

    private let state = Mutex(State())
    private let directory: DataDirectory
    private let limits: Limits
    private let queue = DispatchQueue(label: "limbic.load", attributes: .concurrent)

    init(directory: DataDirectory, limits: Limits) {
        self.directory = directory
        self.limits = limits
    }

    /// Models loaded or being loaded, and the bytes of their weights.
    var usage: (models: Int, bytes: Int) { state.withLock { ($0.entries.count, $0.bytes) } }

    /// Why a version is not ready: it was unloaded, or failed to load, and was not asked for since; nil where nothing is known.
    func unreadiness(of version: ModelVersion) -> String? {
        state.withLock { $0.reasons[Key(name: version.name, number: version.number)] }
    }

    /// Brings a version into memory.
    func load(_ version: ModelVersion) async throws {
        _ = try await withCheckedThrowingContinuation { continuation in
            withModel(version, on: queue) { continuation.resume(with: $0) }
        }
    }

    /// Gives up a version, which is loaded anew when it is asked for.
    func unload(_ version: ModelVersion) {
        let key = Key(name: version.name, number: version.number)
        state.withLock { state in
            // What is being loaded is waited for.
            if let entry = state.entries[key], entry.loaded == nil { return }
            state.entries[key] = nil
            state.reasons[key] = "unloaded"
        }
    }

    /// Calls `body` on `queue` with the model, at once or when it is loaded, or with a ``Problem`` when the files of the
    /// version cannot be used. They are tried again the next time.
    func withModel(
        _ version: ModelVersion,
        on queue: DispatchQueue,
        _ body: @escaping @Sendable (Result<LoadedModel, any Error>) -> Void
    ) {
        let key = Key(name: version.name, number: version.number)
        let (loaded, isNew) = state.withLock { state in
            state.uses += 1
            let isNew = state.entries[key] == nil
            var entry = state.entries[key] ?? Entry(lastUse: 0)
            entry.lastUse = state.uses
            if entry.loaded == nil { entry.waiters.append { result in queue.async { body(result) } } }
            state.entries[key] = entry
            return (entry.loaded, isNew)
        }
        if let loaded {
            queue.async { body(.success(loaded)) }
        } else if isNew {
            self.queue.async { [self] in load(version, key) }
        }
    }

    private func load(_ version: ModelVersion, _ key: Key) {
        let result = Result { try read(version, key) }
        let waiters = state.withLock { state in
            let waiters = state.entries[key]?.waiters ?? []
            state.entries[key]?.waiters = []
            switch result {
            case .success(let loaded):
                state.entries[key]?.loaded = loaded
                state.reasons[key] = nil
            case .failure(let error):
                state.entries[key] = nil
                state.reasons[key] = (error as? Problem)?.detail ?? "cannot be loaded"
            }
            return waiters
        }
        for waiter in waiters { waiter(result) }
    }

    private func read(_ version: ModelVersion, _ key: Key) throws -> LoadedModel {
        let folder = directory.url(version.directory)
        let weights = folder.appendingPathComponent(ModelDirectory.weightsName)
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: weights.path)
            try reserve((attributes[.size] as? NSNumber)?.intValue ?? 0, for: key, version)
            // A bit that fell over would pass every other check and predict nonsense.
            guard
                try ModelDirectory.isUnaltered(
                    folder.path, digest: version.digest, configurationDigest: version.configurationDigest)
            else {
                throw unreadable(version, "its files are not those of the digest \(version.digest)")
            }
            let model = try ModelDirectory.read(folder.path)
            return LoadedModel(version, model, documentLimit: limits.document, clipUnitLimit: limits.clipUnits)
        } catch let error as Problem {
            throw error
        } catch let error as ModelError {
            let file = (error.file as NSString).lastPathComponent
            throw unreadable(version, "\(file): \(error.field): \(error.reason)")
        } catch {
            throw unreadable(version, "its files cannot be read")
        }
    }

    /// Makes room for a model that is about to be loaded.
    private func reserve(_ bytes: Int, for key: Key, _ version: ModelVersion) throws(Problem) {
        guard bytes <= limits.memory else {
            let detail =
                "the weights of \(version.title) take \(bytes) bytes, and all models together may take \(limits.memory)"
            throw Problem(.serviceUnavailable, code: "model_too_large", detail: detail)
        }
        let hasRoom = state.withLock { state in
            while state.bytes + bytes > limits.memory {
                let idle = state.entries.filter { $0.value.loaded != nil }
                guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return false }
                state.entries[oldest.key] = nil
            }
            state.entries[key]?.bytes = bytes
            return true
        }
        guard hasRoom else { throw .unavailable(code: "models_loading", "too many models are being loaded") }
    }

    private func unreadable(_ version: ModelVersion, _ reason: String) -> Problem {
        Problem(
            .serviceUnavailable,
            code: "model_unreadable",
            detail: "\(version.title) cannot be loaded: \(reason)"
        )
    }
}
