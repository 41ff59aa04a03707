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

    /// What is the case with a version.
    enum Status: Equatable, Sendable {
        /// It is loaded when it is asked for.
        case idle
        case loading
        case loaded
        /// It was unloaded, and answers nothing until it is loaded again.
        case unloaded
        /// Why it could not be loaded the last time; it is tried again when it is asked for.
        case failed(String)
    }

    private typealias Waiter = @Sendable (Result<LoadedModel, any Error>) -> Void

    private struct Key: Hashable {
        let name: String
        let number: Int

        init(_ version: ModelVersion) { (name, number) = (version.name, version.number) }
    }

    private struct Entry {
        /// nil until it was loaded for the first time. While it is loaded anew, the one there is goes on answering.
        var loaded: LoadedModel?
        var isLoading = false
        /// What wait for it to be loaded: one load, however many ask at the same time.
        var waiters: [Waiter] = []
        var bytes = 0
        var lastUse = 0
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var unloaded: Set<Key> = []
        var failures: [Key: String] = [:]
        var uses = 0
        var bytes: Int { entries.values.reduce(0) { $0 + $1.bytes } }

        /// Notes a use, and begins to load what is not there.
        ///
        /// - Returns: whether the caller has to load it.
        mutating func use(_ key: Key, anew: Bool, _ waiter: @escaping Waiter) -> (loaded: LoadedModel?, isToLoad: Bool)
        {
            uses += 1
            entries[key, default: Entry()].lastUse = uses
            let entry = entries[key, default: Entry()]
            if let loaded = entry.loaded, !anew { return (loaded, false) }
            entries[key]?.waiters.append(waiter)
            entries[key]?.isLoading = true
            return (nil, !entry.isLoading)
        }
    }

    private let state = Mutex(State())
    private let directory: DataDirectory
    private let precision: PredictionPrecision?
    private let limits: Limits
    private let queue = DispatchQueue(label: "limbic.load", attributes: .concurrent)

    /// - Parameter precision: in which all models predict; nil for that of each one's training.
    init(directory: DataDirectory, precision: PredictionPrecision? = nil, limits: Limits) {
        self.directory = directory
        self.precision = precision
        self.limits = limits
    }

    /// Models loaded or being loaded, and the bytes of their weights.
    var usage: (models: Int, bytes: Int) { state.withLock { ($0.entries.count, $0.bytes) } }

    func status(of version: ModelVersion) -> Status {
        let key = Key(version)
        return state.withLock { state in
            if state.unloaded.contains(key) { return .unloaded }
            if state.entries[key]?.loaded != nil { return .loaded }
            if state.entries[key] != nil { return .loading }
            return state.failures[key].map { .failed($0) } ?? .idle
        }
    }

    /// Why a version cannot be asked for: it was unloaded, or could not be loaded the last time; nil where nothing is wrong.
    func unreadiness(of version: ModelVersion) -> String? {
        switch status(of: version) {
        case .unloaded: "unloaded"
        case .failed(let reason): reason
        case .idle, .loading, .loaded: nil
        }
    }

    /// Calls `body` on `queue` with the model, at once or when it is loaded, or with a ``Problem`` when the files of the
    /// version cannot be used. They are tried again the next time.
    func withModel(
        _ version: ModelVersion,
        on queue: DispatchQueue,
        _ body: @escaping @Sendable (Result<LoadedModel, any Error>) -> Void
    ) {
        let key = Key(version)
        let found: (loaded: LoadedModel?, isToLoad: Bool)? = state.withLock { state in
            guard !state.unloaded.contains(key) else { return nil }
            return state.use(key, anew: false) { result in queue.async { body(result) } }
        }
        guard let found else { return queue.async { body(.failure(Self.unloaded(version))) } }
        if let loaded = found.loaded {
            queue.async { body(.success(loaded)) }
        } else if found.isToLoad {
            self.queue.async { [self] in load(version, key) }
        }
    }

    /// The model, as ``withModel(_:on:_:)`` gives it.
    func model(_ version: ModelVersion) async throws -> LoadedModel {
        try await withCheckedThrowingContinuation { continuation in
            withModel(version, on: queue) { continuation.resume(with: $0) }
        }
    }

    /// Loads a version, and has it answer again if it was unloaded.
    ///
    /// - Parameter anew: whether its files are read once more when it is there already; it goes on answering meanwhile, and
    ///   also when they cannot be used any more.
    /// - Throws: ``Problem``.
    func load(_ version: ModelVersion, anew: Bool = false) async throws {
        let key = Key(version)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let found = state.withLock { state in
                state.unloaded.remove(key)
                return state.use(key, anew: anew) { continuation.resume(with: $0.map { _ in }) }
            }
            if found.loaded != nil {
                continuation.resume()
            } else if found.isToLoad {
                queue.async { [self] in load(version, key) }
            }
        }
    }

    /// Gives a version up and answers nothing with it until it is loaded again; what it is computing is computed.
    func unload(_ version: ModelVersion) {
        let key = Key(version)
        state.withLock { state in
            state.unloaded.insert(key)
            // Some wait for one that is being loaded: it goes as soon as they have it.
            if state.entries[key]?.isLoading == false { state.entries[key] = nil }
        }
    }

    /// Whether a version could be loaded without another one being given up.
    func hasRoom(for version: ModelVersion) -> Bool {
        guard let bytes = try? weightBytes(of: version) else { return false }
        return usage.bytes + bytes <= limits.memory
    }

    /// What the weights of a version take in memory, in the precision that it predicts in.
    private func weightBytes(of version: ModelVersion) throws -> Int {
        let configuration = try version.configuration()
        return Network(configuration).loadedBytes(precision ?? .init(configuration.hyperparameters.precision))
    }

    private func load(_ version: ModelVersion, _ key: Key) {
        let result = Result { try read(version, key) }
        let waiters = state.withLock { state in
            let waiters = state.entries[key]?.waiters ?? []
            state.entries[key]?.waiters = []
            state.entries[key]?.isLoading = false
            switch result {
            case .success(let loaded):
                state.entries[key]?.loaded = loaded
                state.failures[key] = nil
            case .failure(let error):
                // That there was no room at the moment says nothing of the version.
                if (error as? Problem)?.code != Self.busy {
                    state.failures[key] = (error as? Problem)?.detail ?? "its files cannot be read"
                }
                if state.entries[key]?.loaded == nil { state.entries[key] = nil }
            }
            if state.unloaded.contains(key) { state.entries[key] = nil }
            return waiters
        }
        for waiter in waiters { waiter(result) }
    }

    private func read(_ version: ModelVersion, _ key: Key) throws -> LoadedModel {
        let folder = directory.url(version.directory)
        do {
            try reserve(weightBytes(of: version), for: key, version)
            // A bit that fell over would pass every other check and predict nonsense.
            guard
                try ModelDirectory.isUnaltered(
                    folder.path, digest: version.digest, configurationDigest: version.configurationDigest)
            else {
                throw unreadable(version, "its files are not those of the digest \(version.digest)")
            }
            let model = try ModelDirectory.read(folder.path, precision: precision)
            // The first prediction of a model takes several times as long as those that follow.
            guard model.canComputeOrdinaryClips else {
                throw unreadable(version, "no clip can be computed with its weights")
            }
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
            let idle = state.entries.filter { $0.value.loaded != nil && !$0.value.isLoading }
                .sorted { $0.value.lastUse < $1.value.lastUse }
            let others = state.bytes - (state.entries[key]?.bytes ?? 0)
            guard others + bytes - idle.reduce(0, { $0 + $1.value.bytes }) <= limits.memory else { return false }
            state.entries[key]?.bytes = bytes
            for (key, _) in idle where state.bytes > limits.memory { state.entries[key] = nil }
            return true
        }
        guard hasRoom else { throw .unavailable(code: Self.busy, "too many models are being loaded") }
    }

    /// The code of the problem that there is no room for a model as long as others are being loaded.
    static let busy = "models_loading"

    private func unreadable(_ version: ModelVersion, _ reason: String) -> Problem {
        Problem(
            .serviceUnavailable,
            code: "model_unreadable",
            detail: "\(version.title) cannot be loaded: \(reason)"
        )
    }

    private static func unloaded(_ version: ModelVersion) -> Problem {
        Problem(
            .serviceUnavailable, code: "model_unloaded",
            detail: "\(version.title) was unloaded, and answers again when it is loaded")
    }
}
