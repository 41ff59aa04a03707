import Testing

@testable import Engine

@Suite("Chunks")
struct ChunksTests {
    @Test("parts follow one another, hold no more than asked but for the multiple, and none is empty")
    func parts() {
        for length in 0...40 {
            for most in [1, 3, 16, 100] {
                for multiple in [1, 6, 16] {
                    let chunks = Chunks(length, most: most, multiple: multiple)
                    let parts = (0..<chunks.count).map { chunks[$0] }
                    #expect(parts.flatMap { $0 } == Array(0..<length))
                    let bound = (most + multiple - 1) / multiple * multiple
                    #expect(parts.allSatisfy { !$0.isEmpty && $0.count <= bound && $0.lowerBound % multiple == 0 })
                }
            }
        }
    }
}
