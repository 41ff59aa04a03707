import Testing

@testable import Service

/// Which clips are computed when, without an engine.
struct BatchQueueTests {
    private final class Work: BatchedWork {
        let name: String
        let group: String
        let units: [Int]
        let urgency: Int
        func isWanted(after wait: Duration) -> Bool { wait <= patience && isAsked() }
        var isAsked: () -> Bool = { true }
        var patience = Duration.seconds(1000)
        func time(forUnits units: Int) -> Duration { .seconds(units) }
        let mayBeUnwanted: Bool

        init(_ name: String, _ units: [Int], group: String = "m", urgency: Int = 3, mayBeUnwanted: Bool = false) {
            (self.name, self.units, self.group, self.urgency) = (name, units, group, urgency)
            self.mayBeUnwanted = mayBeUnwanted
        }
    }

    /// The batches that some work is cut into, each as names with clips.
    private func batches(_ work: [Work], limit: Int = 10) -> [[String]] {
        var queue = BatchQueue<Work>(unitLimit: limit)
        for work in work { queue.add(work) }
        var batches: [[String]] = []
        while let batch = queue.takeBatch() {
            #expect(batch.units == batch.parts.reduce(0) { $0 + $1.work.units[$1.clips].reduce(0, +) })
            batches.append(batch.parts.map { "\($0.work.name)\($0.clips.lowerBound)..<\($0.clips.upperBound)" })
        }
        #expect(queue.isEmpty)
        return batches
    }

    @Test func tellsWhatComesBeforeWhom() {
        var queue = BatchQueue<Work>(unitLimit: 10)
        for work in [Work("a", [3, 9]), Work("b", [4], urgency: 5), Work("c", [2], urgency: 0)] { queue.add(work) }
        func units(_ urgency: Int) -> Int { queue.reduceUnits(upTo: urgency, 0) { $0 + $2 } }
        #expect(queue.count == 3 && [0, 3, 4, 5, 7].map(units) == [2, 14, 14, 18, 18])
        // What may be unwanted comes after them.
        queue.add(Work("d", [1], urgency: 0, mayBeUnwanted: true))
        #expect(queue.units == 19 && [0, 3, 4, 5, 7].map(units) == [2, 14, 14, 18, 18])
        // c, the first clip of a, and b.
        _ = queue.takeBatch()
        #expect(queue.count == 2 && queue.units == 10 && [0, 3, 7].map(units) == [0, 9, 9])
    }

    @Test func computesTogetherWhatFits() {
        #expect(
            batches([Work("a", [3]), Work("b", [4]), Work("c", [3]), Work("d", [1])]) == [
                ["a0..<1", "b0..<1", "c0..<1"], ["d0..<1"],
            ])
        #expect(batches([Work("a", [8]), Work("b", [4]), Work("c", [2])]) == [["a0..<1", "c0..<1"], ["b0..<1"]])
    }

    @Test func aClipBeyondTheLimitIsABatch() {
        #expect(batches([Work("a", [30]), Work("b", [1])]) == [["a0..<1"], ["b0..<1"]])
        #expect(batches([Work("b", [1, 30, 1])]) == [["b0..<1"], ["b1..<2"], ["b2..<3"]])
    }

    @Test func clipsWithoutUnitsCostNothing() {
        #expect(batches([Work("a", [0, 0, 10, 0]), Work("b", [0])]) == [["a0..<4"], ["b0..<1"]])
    }

    @Test func aLargeRequestDoesNotHoldUpSmallOnes() {
        #expect(
            batches([Work("a", [Int](repeating: 5, count: 6)), Work("b", [5]), Work("c", [5])]) == [
                ["a0..<2"], ["b0..<1", "c0..<1"], ["a2..<4"], ["a4..<6"],
            ])
    }

    @Test func theMostUrgentComesFirst() {
        #expect(
            batches([
                Work("a", [6]), Work("b", [6], urgency: 0), Work("c", [6], urgency: 7), Work("d", [6], urgency: 0),
            ])
                == [["b0..<1"], ["d0..<1"], ["a0..<1"], ["c0..<1"]])
    }

    @Test func modelsAreNotMixed() {
        #expect(
            batches([Work("a", [1]), Work("b", [1], group: "n"), Work("c", [1]), Work("d", [1], group: "n")])
                == [["a0..<1", "c0..<1"], ["b0..<1", "d0..<1"]])
    }

    @Test func whatMayBeUnwantedComesLast() {
        let gone = Work("a", [1], urgency: 0, mayBeUnwanted: true)
        #expect(batches([gone, Work("b", [1], urgency: 7), Work("c", [1])]) == [["c0..<1", "b0..<1"], ["a0..<1"]])
    }

    @Test func whatIsUnwantedIsNotComputed() {
        var queue = BatchQueue<Work>(unitLimit: 10)
        let (a, b) = (Work("a", [20, 20]), Work("b", [20]))
        queue.add(a)
        queue.add(b)
        #expect(queue.takeUnwanted().isEmpty && queue.takeBatch()?.parts[0].work === a)
        a.isAsked = { false }
        #expect(queue.takeUnwanted().map(\.name) == ["a"])
        #expect(queue.takeBatch()?.parts[0].work === b && queue.isEmpty && queue.takeBatch()?.parts == nil)
    }

    @Test func whatBecomesUnwantedMeanwhileIsTakenOutOnce() {
        var queue = BatchQueue<Work>(unitLimit: 10)
        let (a, b) = (Work("a", [1]), Work("b", [1]))
        a.isAsked = { false }
        var asked = 0
        b.isAsked = {
            asked += 1
            return asked == 1
        }
        queue.add(a)
        queue.add(b)
        #expect(queue.takeUnwanted().map(\.name) == ["a"])
        #expect(queue.takeUnwanted().map(\.name) == ["b"] && queue.isEmpty)
    }

    @Test func whatWouldBeReadyTooLateMakesRoom() {
        var queue = BatchQueue<Work>(unitLimit: 10)
        let works = [("a", 9), ("b", 10), ("c", 9)].map { name, patience in
            let work = Work(name, [6])
            work.patience = .seconds(patience)
            return work
        }
        for work in works { queue.add(work) }
        // Of the 18 units a batch has 10.
        let batch = queue.takeBatch()
        #expect(batch?.parts.map(\.work.name) == ["b"] && batch?.late.map(\.name) == ["a", "c"] && queue.isEmpty)
    }

    @Test func somethingIsTriedHoweverLongItTakes() {
        var queue = BatchQueue<Work>(unitLimit: 10)
        let works = (0..<3).map { Work("\($0)", [4]) }
        for work in works {
            work.patience = .seconds(1)
            queue.add(work)
        }
        let batch = queue.takeBatch()
        #expect(batch?.parts.map(\.work.name) == ["0"] && batch?.late.map(\.name) == ["1", "2"])
        queue.add(works[0])
        #expect(queue.takeBatch()?.late.isEmpty == true && queue.isEmpty)
    }

    @Test func whatMayBeUnwantedDoesNotWaitForEver() {
        var queue = BatchQueue<Work>(unitLimit: 10)
        queue.add(Work("a", [6], mayBeUnwanted: true))
        var names: [String] = []
        for _ in 0...BatchQueue<Work>.patience {
            queue.add(Work("b", [6], urgency: 7))
            names.append(queue.takeBatch()?.parts.first?.work.name ?? "-")
        }
        #expect(names.dropLast().allSatisfy { $0 == "b" } && names.last == "a")
    }
}
