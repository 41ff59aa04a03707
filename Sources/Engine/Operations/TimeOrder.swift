/// The rows of packed clips by time step instead of by clip: the first row of every clip, then the second rows, and so
/// on.
///
/// Within a step, clips come longest first. Those that go on to the next step are therefore the first of the step, and
/// their rows there are in the same order.
struct TimeOrder {
    /// For each row by time, where it is among the packed rows.
    private let packedRows: [Int]
    private let offsets: [Int]

    init(_ segments: Segments) {
        let lengths = segments.lengths
        var clips = (0..<segments.count).sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        var packedRows: [Int] = []
        packedRows.reserveCapacity(segments.rows)
        var offsets = [0]
        for step in 0..<(lengths.max() ?? 0) {
            while lengths[clips.last!] <= step { clips.removeLast() }
            for clip in clips { packedRows.append(segments[clip].lowerBound + step) }
            offsets.append(packedRows.count)
        }
        self.packedRows = packedRows
        self.offsets = offsets
    }

    var rows: Int { packedRows.count }

    var steps: Int { offsets.count - 1 }

    /// The rows of a step.
    subscript(step: Int) -> Range<Int> { offsets[step]..<offsets[step + 1] }

    /// How many clips have rows: those of the first step.
    var clips: Int { steps == 0 ? 0 : self[0].count }

    /// A copy of packed rows [rows, columns], by time.
    func byTime(_ packed: Tensor) -> Tensor {
        let (ordered, columns) = (Tensor(uninitialized: packed.shape), packed.columns)
        Cut(rows: rows, columns: columns).forEach { block in
            for row in block {
                (ordered.pointer + row * columns)
                    .update(from: packed.pointer + packedRows[row] * columns, count: columns)
            }
        }
        return ordered
    }

    /// A copy of rows by time [rows, columns], packed by clip again.
    func byClip(_ ordered: Tensor) -> Tensor {
        let (packed, columns) = (Tensor(uninitialized: ordered.shape), ordered.columns)
        Cut(rows: rows, columns: columns).forEach { block in
            for row in block {
                (packed.pointer + packedRows[row] * columns)
                    .update(from: ordered.pointer + row * columns, count: columns)
            }
        }
        return packed
    }
}
