/// Clips of one request that can be computed together with those of others.
protocol BatchedWork: AnyObject {
    associatedtype Group: Equatable

    /// Only work of one group can be computed together.
    var group: Group { get }
    /// Of each clip, how many units it has.
    var units: [Int] { get }
    /// From 0, the first, to 7 (RFC 9218, section 4.1).
    var urgency: Int { get }
    /// Whether anyone waits for it, and will after so long.
    func isWanted(after wait: Duration) -> Bool
    /// Whether it may be that no one does.
    var mayBeUnwanted: Bool { get }

    /// How long so many units of its group will take.
    func time(forUnits units: Int) -> Duration
}

/// The work that waits for the engine, and what of it is computed next. A value without threads or clocks.
///
/// A batch is cut when the engine is free, so that nothing waits for a batch to fill: what comes while one is computed makes
/// the next. Clips are packed, not padded, so that the units of a batch are its cost, whatever the lengths.
struct BatchQueue<Work: BatchedWork> {
    /// What is computed together.
    struct Batch {
        /// The clips taken of each piece of work, at least one.
        var parts: [(work: Work, clips: Range<Int>)] = []
        var units = 0
        /// What nobody would wait for any more when it is done, and is not computed.
        var late: [Work] = []
    }

    private struct Entry {
        let work: Work
        /// The first clip that was not taken.
        var next = 0
        /// Units of the clips that were not taken.
        var left: Int
        var turn: Int
        /// How many batches there had been when it came.
        let added: Int
    }

    /// For how many batches work that may be unwanted waits for other work at most.
    static var patience: Int { 100 }

    private var entries: [Entry] = []
    private var turns = 0
    private var batches = 0
    private let unitLimit: Int

    /// - Parameter unitLimit: the most units of a batch; a clip with more is a batch by itself.
    init(unitLimit: Int) { self.unitLimit = unitLimit }

    var isEmpty: Bool { entries.isEmpty }

    /// How much work there is.
    var count: Int { entries.count }

    /// Of the clips that were not taken.
    var units: Int { entries.reduce(0) { $0 + $1.left } }

    /// Goes through the work that comes before new work of an urgency, with the units of it that are left. What may be
    /// unwanted comes after it.
    func reduceUnits<Result>(
        upTo urgency: Int, _ start: Result, _ add: (Result, Work, Int) -> Result
    ) -> Result {
        entries.reduce(start) { result, entry in
            guard entry.work.urgency <= urgency, !isLast(entry) else { return result }
            return add(result, entry.work, entry.left)
        }
    }

    /// - Precondition: the work has clips.
    mutating func add(_ work: Work) {
        precondition(!work.units.isEmpty, "work has clips")
        entries.append(Entry(work: work, left: work.units.reduce(0, +), turn: turns, added: batches))
        turns += 1
    }

    /// Takes out what nobody waits for any more.
    mutating func takeUnwanted() -> [Work] {
        var unwanted: [Work] = []
        // Asked once: it may change at any moment.
        entries.removeAll { entry in
            guard !entry.work.isWanted(after: .zero) else { return false }
            unwanted.append(entry.work)
            return true
        }
        return unwanted
    }

    /// Takes the clips to be computed next: of the most urgent work, and of as much work of its group as fits. What may be
    /// unwanted comes when there is nothing else, or when ``patience`` batches have gone before it. Work of which some clips are
    /// left goes behind the others of its urgency, so that a large request does not hold up small ones. What would be ready too
    /// late makes room.
    ///
    /// - Returns: nil when there is none.
    mutating func takeBatch() -> Batch? {
        let ranks = entries.map { entry in
            (rank: (isLast(entry) ? 1 : 0, entry.work.urgency, entry.turn), group: entry.work.group)
        }
        let order = ranks.indices.sorted { ranks[$0].rank < ranks[$1].rank }
        guard let first = order.first else { return nil }
        var batch = Batch()
        let members = order.filter {
            ranks[$0].group == ranks[first].group && ranks[$0].rank.0 == ranks[first].rank.0
        }
        let time = entries[first].work.time(forUnits: min(members.reduce(0) { $0 + entries[$1].left }, unitLimit))
        var late = members.filter { !entries[$0].work.isWanted(after: time) }
        // Something is always tried, however long such work took lately.
        if late.count == members.count { late.removeFirst() }
        for index in late {
            batch.late.append(entries[index].work)
            entries[index].next = entries[index].work.units.count
        }
        for index in members {
            take(index, into: &batch)
            if batch.units >= unitLimit { break }
        }
        batches += 1
        entries.removeAll { $0.next == $0.work.units.count }
        return batch
    }

    private func isLast(_ entry: Entry) -> Bool {
        entry.work.mayBeUnwanted && batches - entry.added < Self.patience
    }

    /// Takes as many clips of an entry as fit.
    private mutating func take(_ index: Int, into batch: inout Batch) {
        let (work, start) = (entries[index].work, entries[index].next)
        var end = start
        while end < work.units.count, batch.units == 0 || batch.units + work.units[end] <= unitLimit {
            batch.units += work.units[end]
            entries[index].left -= work.units[end]
            end += 1
        }
        guard end > start else { return }
        batch.parts.append((work, start..<end))
        entries[index].next = end
        entries[index].turn = turns
        turns += 1
    }
}
