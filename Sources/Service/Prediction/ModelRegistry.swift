import HTTP
import Jobs
import Logging
import Platform

/// All versions of all models and their aliases, in memory: what a prediction or a look at a model asks for needs no database.
///
/// Filled at the start and told of every change once it is committed.
final class ModelRegistry: Sendable {
    private struct State {
        /// Versions in ascending order.
        var models: [String: [ModelVersion]] = [:]
        /// By the name of the model and the alias; only those that name a version.
        var aliases: [String: [String: AliasRecord]] = [:]
        /// Sorted, for lists.
        var names: [String] = []
    }

    private let state = Mutex(State())
    private let store: ModelStore
    private let logger: Logger

    /// Reads what the store holds, which blocks. Throws errors of Jobs.
    init(_ store: ModelStore, logger: Logger) throws {
        self.store = store
        self.logger = logger
        store.onChange { [weak self] change in
            switch change {
            case .version(let record): self?.put(record)
            case .alias(let record): self?.put(record)
            }
        }
        try store.forEach { put($0) }
        try store.forEachAlias { put($0) }
    }

    /// The alias of the version that is meant where none is named; without it, that is the newest.
    static let defaultAlias = "default"

    /// What answers for a model where no version is named, or nil.
    func current(_ name: String) -> ModelVersion? {
        if let alias = alias(Self.defaultAlias, of: name), let number = alias.version {
            return version(number, of: name)
        }
        return newest(name)
    }

    /// What answers for each model where no version is named.
    var allCurrent: [ModelVersion] {
        let names = state.withLock { $0.names }
        return names.compactMap { current($0) }
    }

    /// An alias of a model, or nil.
    func alias(_ alias: String, of name: String) -> AliasRecord? {
        state.withLock { $0.aliases[name]?[alias] }
    }

    /// The aliases of a model in their order.
    func aliases(of name: String) -> [AliasRecord] {
        state.withLock { $0.aliases[name]?.values.sorted { $0.alias < $1.alias } ?? [] }
    }

    /// The newest version of a model, or nil.
    func newest(_ name: String) -> ModelVersion? {
        state.withLock { $0.models[name]?.last }
    }

    /// One version of a model, or nil.
    func version(_ number: Int, of name: String) -> ModelVersion? {
        state.withLock { state in
            state.models[name].flatMap { versions in
                Self.index(of: number, in: versions).flatMap { versions[$0].number == number ? versions[$0] : nil }
            }
        }
    }

    /// The newest version of each model in the order of their names, beginning after the name `after`.
    func list(after: String?, limit: Int) -> Page<ModelVersion> {
        state.withLock { state in
            let start = after.map { after in state.names.partitioningIndex { $0 > after } } ?? 0
            let names = state.names[start...]
            return Page(
                data: names.prefix(limit).compactMap { state.models[$0]?.last },
                hasMore: names.count > limit
            )
        }
    }

    /// The versions of one model from the newest to the oldest, beginning after the version `after`.
    func versions(of name: String, after: Int?, limit: Int) -> Page<ModelVersion> {
        state.withLock { state in
            let versions = state.models[name] ?? []
            let end = after.map { after in versions.partitioningIndex { $0.number >= after } } ?? versions.count
            return Page(data: versions[..<end].suffix(limit).reversed(), hasMore: end > limit)
        }
    }

    /// Reads a version anew that has changed in the store.
    func reload(_ name: String, version: Int) async throws {
        if let record = try await store.get(name, version: version) { put(record) }
    }

    private func put(_ record: ModelRecord) {
        guard let version = try? ModelVersion(record) else {
            logger.error(
                "a version of a model cannot be read",
                metadata: ["model": "\(record.name)", "version": "\(record.version)"]
            )
            return
        }
        state.withLock { state in
            if state.models[record.name] == nil {
                state.names.insert(record.name, at: state.names.partitioningIndex { $0 > record.name })
            }
            var versions = state.models[record.name].take() ?? []
            let index = versions.partitioningIndex { $0.number >= record.version }
            if index < versions.count, versions[index].number == record.version {
                versions[index] = version
            } else {
                versions.insert(version, at: index)
            }
            state.models[record.name] = versions
        }
    }

    private func put(_ record: AliasRecord) {
        state.withLock { $0.aliases[record.name, default: [:]][record.alias] = record.version == nil ? nil : record }
    }

    private static func index(of number: Int, in versions: [ModelVersion]) -> Int? {
        let index = versions.partitioningIndex { $0.number >= number }
        return index < versions.count ? index : nil
    }
}

extension Array {
    /// The first index from which on `belongs` holds, by bisection.
    fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
