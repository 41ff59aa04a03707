import HTTP
import JSON
import Jobs
import Logging
import Platform

/// Streams of what happens to jobs. For each job that someone listens to there is one feed, which reads what is new from the
/// store once, however many listen.
final class JobEventFeeds: Sendable {
    private struct Entry {
        let feed: EventFeed
        let reading: Task<Void, Never>
        var listeners = 0
    }

    /// Events read at a time.
    private static let page = 200

    private let jobs: JobStore
    private let logger: Logger
    private let entries = Mutex<[String: Entry]>([:])

    init(_ jobs: JobStore, logger: Logger) {
        self.jobs = jobs
        self.logger = logger
    }

    /// Sends the events of a job behind the one numbered `position`, and those to come until it is over.
    func send(eventsOf job: String, to writer: ResponseWriter, after position: Int) async throws {
        // In this order, or the event that ends the job could be among those that are there already.
        let last = try await jobs.lastEvent(of: job)
        guard let record = try await jobs.get(job) else { throw JobStoreError.notFound(id: job) }
        // What has not happened yet is still to be told.
        let position = min(position, last)
        let read: @Sendable (Int) async throws -> [ServerSentEvent] = { [jobs] in
            try await jobs.events(of: job, after: $0, limit: Self.page).data.map { try $0.sent }
        }
        guard !record.state.isOver else {
            let feed = EventFeed(after: .max)
            feed.finish()
            return try await feed.send(to: writer, after: position, read: read)
        }
        let feed = enter(job, after: last)
        defer { leave(job) }
        try await feed.send(to: writer, after: position, read: read)
    }

    private func enter(_ job: String, after last: Int) -> EventFeed {
        entries.withLock { entries in
            var entry = entries[job] ?? begin(job, after: last)
            entry.listeners += 1
            entries[job] = entry
            return entry.feed
        }
    }

    private func begin(_ job: String, after last: Int) -> Entry {
        let feed = EventFeed(after: last)
        return Entry(feed: feed, reading: Task { [self] in await publish(eventsOf: job, to: feed) })
    }

    private func leave(_ job: String) {
        entries.withLock { entries in
            entries[job]?.listeners -= 1
            guard let entry = entries[job], entry.listeners == 0 else { return }
            entry.reading.cancel()
            entries[job] = nil
        }
    }

    /// Until the job is over or gone, or the store is closed.
    private func publish(eventsOf job: String, to feed: EventFeed) async {
        defer { feed.finish() }
        for await _ in jobs.changes(of: job) {
            do {
                var page: Page<EventRecord>
                repeat {
                    page = try await jobs.events(of: job, after: feed.position, limit: Self.page)
                    feed.publish(try page.data.map { try $0.sent })
                    if page.data.contains(where: \.endsJob) { return }
                } while page.hasMore
            } catch JobStoreError.notFound {
                return
            } catch is CancellationError {
                // Nobody listens any more.
                return
            } catch {
                return logger.error("events could not be read", metadata: ["job": "\(job)", "error": "\(error)"])
            }
        }
    }
}

extension EventRecord {
    /// As it is sent in a stream: the document that a list of events has, in one line.
    fileprivate var sent: ServerSentEvent {
        get throws {
            ServerSentEvent(id: sequence, data: String(decoding: Response.document(try EventView(self)), as: UTF8.self))
        }
    }

    fileprivate var endsJob: Bool {
        guard kind == "state", let state = (try? JSONReader.value(Array(document)))?.members["state"]?.text else {
            return false
        }
        return JobState(rawValue: state)?.isOver ?? false
    }
}
