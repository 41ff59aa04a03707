import CKernels

/// Loops over all elements of tensors, split over threads.
enum Elementwise {
    private static let chunk = 32_768

    static func add(_ source: Tensor, to target: Tensor) {
        let (from, to) = (source.pointer, target.pointer)
        forEachChunk(target.count) { ck_add(from + $0.lowerBound, to + $0.lowerBound, $0.count) }
    }

    static func forEachChunk(_ count: Int, _ body: (Range<Int>) -> Void) {
        Parallel.forEach((count + chunk - 1) / chunk) { body($0 * chunk..<min(count, ($0 + 1) * chunk)) }
    }
}
