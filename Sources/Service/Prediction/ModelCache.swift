import Emotion
import Foundation
import HTTPTypes
import Jobs
import Platform
import Synchronization

/// The models in memory: loaded when first asked for, the one not used for longest given up when there are too many.
///
/// A model that is given up stays in memory until the predictions that use it are done.
final class ModelCache: Sendable {
    private struct Key: Hashable {
        let name: String
        let version: Int
    }

    private struct Entry {
        /// One load, however many ask at the same time.
        let load: Task<LoadedModel, any Error>
        var lastUse: Int
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var uses = 0
    }

    private let state = Mutex(State())
    private let directory: DataDirectory
    private let capacity: Int
    private let clipUnitLimit: Int
    private let queue = WorkQueue("limbic.load", isConcurrent: true)

    /// - Parameters:
    ///   - capacity: models kept, at least 1.
    ///   - clipUnitLimit: the most units of a clip over all modalities.
    init(directory: DataDirectory, capacity: Int, clipUnitLimit: Int) {
        self.clipUnitLimit = clipUnitLimit
        self.directory = directory
        self.capacity = max(capacity, 1)
    }

    /// The number of models that are loaded or being loaded.
    var count: Int { state.withLock { $0.entries.count } }

    /// - Throws: ``Problem`` when the files of the version cannot be used. They are tried again the next time.
    func model(_ record: ModelRecord) async throws -> LoadedModel {
        let key = Key(name: record.name, version: record.version)
        let load = state.withLock { state in
            state.uses += 1
            if state.entries[key] == nil {
                let load = Task { [queue, directory, clipUnitLimit] in
                    try await queue.run {
                        let model = try Self.load(record, from: directory)
                        return LoadedModel(record: record, model: model, clipUnitLimit: clipUnitLimit)
                    }
                }
                state.entries[key] = Entry(load: load, lastUse: state.uses)
                if state.entries.count > capacity,
                    let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
                {
                    state.entries[oldest.key] = nil
                }
            }
            state.entries[key]?.lastUse = state.uses
            return state.entries[key]?.load
        }
        guard let load else { preconditionFailure("a model that was just asked for is the last to go") }
        do {
            return try await load.value
        } catch {
            state.withLock { state in
                if state.entries[key]?.load == load { state.entries[key] = nil }
            }
            throw error
        }
    }

    private static func load(_ record: ModelRecord, from directory: DataDirectory) throws -> Model {
        let folder = directory.url(record.directory)
        do {
            // A bit that fell over would pass every other check and predict nonsense.
            guard
                try ModelDirectory.isUnaltered(
                    folder.path, digest: record.digest, configurationDigest: SHA256.digest(of: record.document))
            else {
                throw unreadable(record, "its files are not those of the digest \(record.digest)")
            }
            return try ModelDirectory.read(folder.path)
        } catch let error as Problem {
            throw error
        } catch let error as ModelError {
            let file = (error.file as NSString).lastPathComponent
            throw unreadable(record, "\(file): \(error.field): \(error.reason)")
        } catch {
            throw unreadable(record, "its files cannot be read")
        }
    }

    private static func unreadable(_ record: ModelRecord, _ reason: String) -> Problem {
        Problem(
            .serviceUnavailable,
            code: "model_unreadable",
            detail: "\(record.title) cannot be loaded: \(reason)"
        )
    }
}
