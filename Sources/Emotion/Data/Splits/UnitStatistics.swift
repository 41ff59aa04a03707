/// What the warnings say of a modality, gathered while its features pass by, clip by clip or in any other order.
///
/// Memory: a bit per unit, 8 bytes per clip and 8 per feature. Values that are not finite, because they get replaced, have no
/// part in it but that their unit is none of zeros.
struct UnitStatistics {
    let featureSize: Int
    /// Smallest and largest value of each feature, over all units.
    private(set) var minima: [Float]
    private(set) var maxima: [Float]
    /// A bit for each unit with a value other than 0.
    private var nonzero: [UInt64] = []
    /// Per clip a hash of its values and their places; 0 without any.
    private(set) var hashes: [UInt64] = []

    init(featureSize: Int) {
        self.featureSize = featureSize
        minima = [Float](repeating: .infinity, count: featureSize)
        maxima = [Float](repeating: -.infinity, count: featureSize)
    }

    /// Makes room for so many clips with so many units in all.
    mutating func reserve(clips: Int, units: Int) {
        if hashes.count < clips { hashes += repeatElement(0, count: clips - hashes.count) }
        let words = (units + 63) / 64
        if nonzero.count < words { nonzero += repeatElement(0, count: words - nonzero.count) }
    }

    /// Takes in a run of a clip's features.
    ///
    /// - Parameters:
    ///   - offset: where the run begins in the features of the clip.
    ///   - firstUnit: units of all clips before this one.
    mutating func add(_ values: UnsafeBufferPointer<Float>, clip: Int, offset: Int, firstUnit: Int) {
        var hash: UInt64 = 0
        var index = 0
        var unit = firstUnit + offset / featureSize
        var feature = offset % featureSize
        minima.withUnsafeMutableBufferPointer { minima in
            maxima.withUnsafeMutableBufferPointer { maxima in
                while index < values.count {
                    let count = min(featureSize - feature, values.count - index)
                    var any: UInt32 = 0
                    for step in 0..<count {
                        let value = values[index + step]
                        let bits = value.bitPattern
                        any |= bits << 1
                        guard value.isFinite else { continue }
                        if value < minima[feature + step] { minima[feature + step] = value }
                        if value > maxima[feature + step] { maxima[feature + step] = value }
                        let place = UInt64(truncatingIfNeeded: offset + index + step)
                        hash &+= SplitFingerprints.mix(UInt64(bits) ^ place &* 0x9E37_79B9_7F4A_7C15)
                    }
                    if any != 0 { nonzero[unit / 64] |= 1 << UInt64(unit % 64) }
                    index += count
                    unit += 1
                    feature = 0
                }
            }
        }
        hashes[clip] &+= hash
    }

    func isZero(_ unit: Int) -> Bool { nonzero[unit / 64] >> UInt64(unit % 64) & 1 == 0 }

    /// Whether each clip has a value other than 0.
    func clipsWithContent(lengths: [Int]) -> [Bool] {
        var first = 0
        return lengths.map { length in
            defer { first += length }
            return (first..<first + length).contains { !isZero($0) }
        }
    }
}
