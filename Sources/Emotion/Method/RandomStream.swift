import Engine

/// What a training step draws beside its dropout masks, each from operations of its own: no dropout operation of a step
/// has so high a number.
enum Random: UInt32 {
    case perturbation = 0x1000_0000
    case mask = 0x2000_0000
    case augmentation = 0x3000_0000

    /// - Parameter index: of the parameter or modality.
    func philox(_ randomness: Tape.Randomness, _ index: Int) -> Philox {
        Philox(seed: randomness.seed, step: randomness.step, operation: rawValue + UInt32(index))
    }
}

extension Philox {
    /// The first `count` standard normal values of the stream.
    func normals(count: Int) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count + 3)
        for block in 0..<UInt64((count + 3) / 4) {
            let four = normals(block)
            values += [four.x, four.y, four.z, four.w]
        }
        return Array(values.prefix(count))
    }
}
