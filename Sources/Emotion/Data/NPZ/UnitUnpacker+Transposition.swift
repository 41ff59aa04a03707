import Foundation

/// Column-major arrays on their way to a packed file.
extension UnitUnpacker {
    /// Bytes of packed rows that are put together at a time.
    private static let windowBytes = 32 << 20

    /// Writes the real units of a column-major array in the order of the clips.
    ///
    /// In the archive, neighbouring features of a clip lie as far apart as there are clips and units. So all of it is unpacked
    /// once into a file, from which the units of some clips at a time are gathered: memory stays bounded, and a compressed
    /// array is not unpacked again and again.
    mutating func transpose(_ archive: NPZArchive, into writer: PackedSplitWriter) throws(NPZError) {
        guard let scratch = writer.makeScratchFile() else { return }
        try archive.forEachChunk(of: array) { chunk throws(NPZError) in
            try stopIfNeeded(writer)
            scatter(chunk, target: .nowhere)
            writer.attempt { try scratch.append(UnsafeRawBufferPointer(chunk.values)) }
        }
        var start = 0
        while start < lengths.count {
            try stopIfNeeded(writer)
            let first = firstUnits[start]
            let size = featureSize * MemoryLayout<Float>.size
            // One clip at least, and as many as fit.
            var end = start + 1
            while end < lengths.count, (firstUnits[end] + lengths[end] - first) * size <= Self.windowBytes { end += 1 }
            let clips = start..<end
            writer.attempt { writer.append(try gather(clips, from: scratch)) }
            start = end
        }
    }

    /// The packed units of some clips.
    private func gather(_ clips: Range<Int>, from scratch: ScratchFile) throws -> [Float] {
        let first = firstUnits[clips.lowerBound]
        let units = firstUnits[clips.upperBound - 1] + lengths[clips.upperBound - 1] - first
        var rows = [Float](repeating: 0, count: units * featureSize)
        var column = [Float](repeating: 0, count: clips.count)
        for feature in 0..<featureSize {
            for unit in 0..<(lengths[clips].max() ?? 0) {
                let position = (feature * unitLimit + unit) * lengths.count + clips.lowerBound
                try column.withUnsafeMutableBytes {
                    try scratch.read(at: position * MemoryLayout<Float>.size, into: $0)
                }
                for (clip, value) in zip(clips, column) where unit < lengths[clip] {
                    rows[(firstUnits[clip] - first + unit) * featureSize + feature] = value
                }
            }
        }
        return rows
    }
}
