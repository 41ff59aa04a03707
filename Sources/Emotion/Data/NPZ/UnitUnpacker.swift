/// Reads an array of features [N, L, D], drops the padding, checks the real units and packs them.
struct UnitUnpacker {
    private let array: NPZArchive.Entry
    /// Real units per clip, each at most L.
    private let lengths: [Int]
    private let replacesNonfinite: Bool
    private(set) var problems: SplitProblems
    /// Features that were not finite and came as 0.
    private(set) var replacedValues = 0

    init(array: NPZArchive.Entry, lengths: [Int], replacesNonfinite: Bool, problems: SplitProblems) {
        precondition(array.shape.count == 3 && array.shape[0] == lengths.count, "one length per clip")
        self.array = array
        self.lengths = lengths
        self.replacesNonfinite = replacesNonfinite
        self.problems = problems
    }

    private var unitLimit: Int { array.shape[1] }
    private var featureSize: Int { array.shape[2] }

    /// The packed units [Σ lengths, D]; empty when they are not kept or an error ended the reading.
    mutating func read(from archive: NPZArchive, keepsValues: Bool) -> [Float] {
        do throws(NPZError) {
            guard keepsValues else {
                try visit(archive, target: nil)
                return []
            }
            // Filled as the chunks come: the features are never held twice.
            let count = lengths.reduce(0, +) * featureSize
            var failure: NPZError?
            let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
                do throws(NPZError) {
                    try visit(archive, target: buffer)
                    filled = count
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            return values
        } catch {
            problems.add(error)
            return []
        }
    }

    private mutating func visit(
        _ archive: NPZArchive,
        target: UnsafeMutableBufferPointer<Float>?
    ) throws(NPZError) {
        var starts: [Int] = []
        starts.reserveCapacity(lengths.count)
        var start = 0
        for length in lengths {
            starts.append(start)
            start += length * featureSize
        }
        try archive.forEachChunk(of: array) { values, position throws(NPZError) in
            if array.isFortranOrder {
                scatter(values, position, starts: starts, target: target)
            } else {
                copy(values, position, starts: starts, target: target)
            }
        }
    }

    /// Row-major: the real units of a clip lie together, and so do they in the packed array.
    private mutating func copy(
        _ values: UnsafeMutableBufferPointer<Float>,
        _ position: Int,
        starts: [Int],
        target: UnsafeMutableBufferPointer<Float>?
    ) {
        let stride = unitLimit * featureSize
        var index = 0
        while index < values.count {
            let clip = (position + index) / stride
            let offset = (position + index) % stride
            let run = min(values.count - index, stride - offset)
            let real = min(run, lengths[clip] * featureSize - offset)
            if real > 0 {
                let part = UnsafeMutableBufferPointer(rebasing: values[index..<index + real])
                if Self.hasNonfinite(part) { report(part, clip: clip, offset: offset) }
                if let target {
                    let start = starts[clip] + offset
                    _ = UnsafeMutableBufferPointer(rebasing: target[start..<start + real]).update(fromContentsOf: part)
                }
            }
            index += run
        }
    }

    /// Column-major: the clips of one unit and feature lie together and go to places far apart.
    private mutating func scatter(
        _ values: UnsafeMutableBufferPointer<Float>,
        _ position: Int,
        starts: [Int],
        target: UnsafeMutableBufferPointer<Float>?
    ) {
        let clips = lengths.count
        for index in values.indices {
            let clip = (position + index) % clips
            let unit = (position + index) / clips % unitLimit
            let feature = (position + index) / clips / unitLimit
            guard unit < lengths[clip] else { continue }
            let offset = unit * featureSize + feature
            if !values[index].isFinite {
                report(UnsafeMutableBufferPointer(rebasing: values[index...index]), clip: clip, offset: offset)
            }
            target?[starts[clip] + offset] = values[index]
        }
    }

    /// Whether any exponent is all ones; a form that is compiled to vector instructions.
    private static func hasNonfinite(_ values: UnsafeMutableBufferPointer<Float>) -> Bool {
        var exponent: UInt32 = 0
        for value in values { exponent = max(exponent, value.bitPattern & 0x7F80_0000) }
        return exponent == 0x7F80_0000
    }

    /// Notes the non-finite features of a run of a clip's features that starts at `offset`, or puts 0 in their place.
    private mutating func report(_ values: UnsafeMutableBufferPointer<Float>, clip: Int, offset: Int) {
        for index in values.indices where !values[index].isFinite {
            if replacesNonfinite {
                values[index] = 0
                replacedValues += 1
            } else {
                let unit = (offset + index) / featureSize
                let feature = (offset + index) % featureSize
                problems.add(
                    row: clip,
                    "\(array.name)[unit \(unit), feature \(feature)]",
                    "\(values[index]) is not finite"
                )
            }
        }
    }
}
