/// Reads an array of features [N, L, D], drops the padding, checks the real units and packs them.
struct UnitUnpacker {
    let array: NPZArchive.Entry
    /// Real units per clip, each at most L.
    let lengths: [Int]
    /// Units of all clips before each clip.
    let firstUnits: [Int]
    private let replacesNonfinite: Bool
    private let ids: [String]?
    private(set) var statistics: UnitStatistics
    /// Features that are not finite, where they are not replaced.
    private(set) var problems: SplitProblems.Group
    /// Features that were not finite and came as 0.
    private(set) var replaced: SplitWarning
    /// How many of them there are of each feature; empty without any.
    private(set) var replacedPerFeature: [Int] = []

    /// - Parameter ids: for words only.
    init(array: NPZArchive.Entry, lengths: [Int], replacesNonfinite: Bool, ids: [String]?) {
        precondition(array.shape.count == 3 && array.shape[0] == lengths.count, "one length per clip")
        self.array = array
        self.lengths = lengths
        self.replacesNonfinite = replacesNonfinite
        self.ids = ids
        var first = 0
        firstUnits = lengths.map { length in
            defer { first += length }
            return first
        }
        statistics = UnitStatistics(featureSize: array.shape[2])
        statistics.reserve(clips: lengths.count, units: first)
        problems = SplitProblems.Group(.nonfinite(array.name))
        replaced = SplitWarning(.nonfinite, array.name)
    }

    var unitLimit: Int { array.shape[1] }
    var featureSize: Int { array.shape[2] }

    /// Where the real units go.
    enum Target {
        case nowhere
        /// [Σ lengths, D]
        case memory(UnsafeMutableBufferPointer<Float>)
        /// In the order of the clips.
        case file(PackedSplitWriter)
    }

    /// The packed units [Σ lengths, D]; empty when they do not stay in memory.
    mutating func read(from archive: NPZArchive, to destination: ClipDestination) throws(NPZError) -> [Float] {
        switch destination {
        case .nowhere:
            try visit(archive, target: .nowhere)
            return []
        case .file(let writer):
            if array.isFortranOrder {
                try transpose(archive, into: writer)
            } else {
                try visit(archive, target: .file(writer))
            }
            return []
        case .memory: break
        }
        // Filled as the chunks come: the features are never held twice.
        let count = lengths.reduce(0, +) * featureSize
        var failure: NPZError?
        let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(NPZError) {
                try visit(archive, target: .memory(buffer))
                filled = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return values
    }

    private mutating func visit(_ archive: NPZArchive, target: Target) throws(NPZError) {
        try archive.forEachChunk(of: array) { chunk throws(NPZError) in
            if case .file(let writer) = target { try stopIfNeeded(writer) }
            if array.isFortranOrder {
                scatter(chunk, target: target)
            } else {
                copy(chunk, target: target)
            }
        }
    }

    /// Gives up an array whose rows have nowhere to go; the writer knows why.
    func stopIfNeeded(_ writer: PackedSplitWriter) throws(NPZError) {
        if writer.mustStop() { throw NPZError(.cannotWrite, file: array.name, reason: "was given up") }
    }

    /// Row-major: the real units of a clip lie together, and so do they in the packed array.
    private mutating func copy(_ chunk: NPZArchive.Chunk, target: Target) {
        let stride = unitLimit * featureSize
        var index = 0
        while index < chunk.values.count {
            let clip = (chunk.position + index) / stride
            let offset = (chunk.position + index) % stride
            let run = min(chunk.values.count - index, stride - offset)
            let real = min(run, lengths[clip] * featureSize - offset)
            if real > 0 {
                take(chunk, index..<index + real, clip: clip, offset: offset, target: target)
            }
            index += run
        }
    }

    /// Column-major: the clips of one unit and feature lie together and go to places far apart.
    mutating func scatter(_ chunk: NPZArchive.Chunk, target: Target) {
        let clips = lengths.count
        for index in chunk.values.indices {
            let clip = (chunk.position + index) % clips
            let unit = (chunk.position + index) / clips % unitLimit
            let feature = (chunk.position + index) / clips / unitLimit
            guard unit < lengths[clip] else { continue }
            take(chunk, index..<index + 1, clip: clip, offset: unit * featureSize + feature, target: target)
        }
    }

    /// Takes in features of a clip that lie together, the first at `offset` in the clip.
    private mutating func take(
        _ chunk: NPZArchive.Chunk,
        _ range: Range<Int>,
        clip: Int,
        offset: Int,
        target: Target
    ) {
        let part = UnsafeMutableBufferPointer(rebasing: chunk.values[range])
        statistics.add(UnsafeBufferPointer(part), clip: clip, offset: offset, firstUnit: firstUnits[clip])
        if UnsafeBufferPointer(part).hasNonfinite { report(chunk, range, clip: clip, offset: offset) }
        switch target {
        case .nowhere: break
        case .memory(let buffer):
            let start = firstUnits[clip] * featureSize + offset
            _ = UnsafeMutableBufferPointer(rebasing: buffer[start..<start + part.count]).update(fromContentsOf: part)
        case .file(let writer): writer.append(UnsafeBufferPointer(part))
        }
    }

    /// Notes the features that are not finite, and puts 0 in their place where that was asked for.
    private mutating func report(_ chunk: NPZArchive.Chunk, _ range: Range<Int>, clip: Int, offset: Int) {
        for index in range where !chunk.values[index].isFinite {
            let (unit, feature) = (offset + index - range.lowerBound).quotientAndRemainder(dividingBy: featureSize)
            let place = { [array] in "\(array.name)[unit \(unit), feature \(feature)]" }
            guard replacesNonfinite else {
                problems.add(row: clip, place(), chunk.nonfiniteFault(index))
                continue
            }
            replaced.add("\(SplitWarning.clip(clip, ids)), \(place()): \(chunk.nonfiniteFault(index))")
            if replacedPerFeature.isEmpty { replacedPerFeature = [Int](repeating: 0, count: featureSize) }
            replacedPerFeature[feature] += 1
            chunk.values[index] = 0
        }
    }
}

extension SplitProblems.Cause {
    /// Features of a modality that are not finite, or beyond float32.
    static func nonfinite(_ modality: String) -> SplitProblems.Cause {
        .init(
            field: modality,
            what: "values are not finite or do not fit a 32-bit float",
            cure: "replace_nonfinite reads them as 0, "
                + "and so does numpy.nan_to_num(\(modality), nan=0, posinf=0, neginf=0)"
        )
    }
}

extension SplitWarning {
    /// A warning of ``Code/nonfinite`` with its sentence.
    func sayingReplaced() -> SplitWarning? {
        saying { "\(SplitWarning.counted($0, "value")) of \(field) not finite or beyond a 32-bit float: read as 0" }
    }
}
