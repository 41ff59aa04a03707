import Foundation
import Synchronization
import Testing

@testable import Engine

/// Serialized, since the number of threads is one for the process.
@Suite("Parallel loops", .serialized)
struct ParallelTests {
    private func withThreads<Result>(_ threads: Int, _ body: () throws -> Result) rethrows -> Result {
        let before = Parallel.threads
        defer { Parallel.threads = before }
        Parallel.threads = threads
        return try body()
    }

    @Test("each index is visited once", arguments: [1, 2, 3, 8])
    func visits(threads: Int) {
        withThreads(threads) {
            for count in [-1, 0, 1, 2, 3, 7, 64, 1000] {
                let visits = (0..<max(0, count)).map { _ in Atomic<Int>.Box(0) }
                Parallel.forEach(count) { visits[$0].value.wrappingAdd(1, ordering: .relaxed) }
                #expect(visits.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
            }
        }
    }

    @Test("what was written inside is seen after the loop, over many short loops")
    func manyLoops() {
        withThreads(4) {
            var sums = [0, 0, 0]
            for round in 0..<20_000 {
                sums.withUnsafeMutableBufferPointer { sums in
                    Parallel.forEach(3) { sums[$0] += round }
                }
            }
            #expect(sums == Array(repeating: 20_000 * 19_999 / 2, count: 3))
        }
    }

    @Test("loops within loops make all calls")
    func nested() {
        withThreads(4) {
            let visits = (0..<64).map { _ in Atomic<Int>.Box(0) }
            for _ in 0..<500 {
                Parallel.forEach(8) { outer in
                    Parallel.forEach(8, isShort: outer % 2 == 0) {
                        visits[8 * outer + $0].value.wrappingAdd(1, ordering: .relaxed)
                    }
                }
            }
            #expect(visits.allSatisfy { $0.value.load(ordering: .relaxed) == 500 })
        }
    }

    @Test("more loops within loops than there are places for")
    func deep() {
        func depth(_ levels: Int) -> Int {
            guard levels > 0 else { return 0 }
            let deepest = Parallel.map(2) { $0 == 0 ? depth(levels - 1) : 0 }
            return deepest[0] + 1
        }
        withThreads(2) { #expect(depth(200) == 200) }
    }

    @Test("several threads run loops at the same time")
    func severalCallers() async {
        let total = Atomic<Int>.Box(0)
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let remaining = Atomic<Int>.Box(6)
            for _ in 0..<6 {
                Thread.detachNewThread {
                    for _ in 0..<500 {
                        Parallel.forEach(5) { total.value.wrappingAdd($0, ordering: .relaxed) }
                    }
                    if remaining.value.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
                        done.resume()
                    }
                }
            }
        }
        #expect(total.value.load(ordering: .relaxed) == 6 * 500 * 10)
    }

    @Test("there is always at least one thread")
    func atLeastOne() {
        withThreads(0) { #expect(Parallel.threads == 1) }
    }
}

extension Atomic where Value == Int {
    /// An atomic that several closures can hold.
    final class Box: Sendable {
        let value: Atomic<Int>
        init(_ value: Int) { self.value = Atomic(value) }
    }
}
