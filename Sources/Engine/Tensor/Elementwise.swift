import CKernels

/// Loops over all elements of tensors, split over threads.
enum Elementwise {
    private static let chunk = 32_768

    static func add(_ source: Tensor, to target: Tensor) {
        let (from, to) = (source.pointer, target.pointer)
        forEachChunk(target.count) { ck_add(from + $0.lowerBound, to + $0.lowerBound, $0.count) }
    }

    /// Whether no element is NaN or infinite: squares of float32 summed in float64 do not overflow.
    static func isFinite(_ start: UnsafeMutablePointer<Float>, count: Int) -> Bool {
        mapChunks(count) { ck_sum_of_squares(start + $0.lowerBound, $0.count) }
            .allSatisfy(\.isFinite)
    }

    static func forEachChunk(_ count: Int, _ body: (Range<Int>) -> Void) {
        let chunks = Chunks(count, most: chunk)
        Parallel.forEach(chunks.count) { body(chunks[$0]) }
    }

    /// What `body` makes of each chunk, in order. Chunks depend on the count alone.
    static func mapChunks<Result>(_ count: Int, _ body: (Range<Int>) -> Result) -> [Result] {
        let chunks = Chunks(count, most: chunk)
        return Parallel.map(chunks.count) { body(chunks[$0]) }
    }
}
