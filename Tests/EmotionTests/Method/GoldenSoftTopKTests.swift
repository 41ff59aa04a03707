import Engine
import Foundation
import TestSupport
import Testing

@testable import Emotion

/// Soft top-k against an independent implementation: a = 1 − m, which sums to k whichever side is taken out, and the
/// gradient of Σ a ∘ weight.
@Suite("Golden soft top-k")
struct GoldenSoftTopKTests {
    struct Recorded: Decodable {
        let epsilon: Double
        let iterations: Int
        let cases: [Case]
    }

    /// The scores of several clips, whose costs are divided by the largest of all.
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let n: Int
        let k: Int
        let side: SoftTopK.Side
        let scores: [[Float]]
        let a: [[Float]]
        let weight: [[Float]]
        let grad: [[Float]]

        var testDescription: String { "\(k) \(side.rawValue) of \(n)" }
    }

    private static let recorded = Result {
        let file = GoldenCase.directory.appending(path: "soft-topk.json")
        do { return try JSONDecoder().decode(Recorded.self, from: Data(contentsOf: file)) } catch {
            throw GoldenError("\(file.path): \(error)")
        }
    }

    @Test("there are cases of both sides")
    func cases() throws {
        #expect(Set(try Self.recorded.get().cases.map(\.side)).count == 2)
    }

    @Test("what goes, and its gradient", arguments: (try? recorded.get().cases) ?? [])
    func agrees(golden: Case) throws {
        let recorded = try Self.recorded.get()
        let topK = SoftTopK(epsilon: recorded.epsilon, iterations: recorded.iterations, side: golden.side)
        for rows in [golden.a, golden.weight, golden.grad] {
            try #require(rows.map(\.count) == golden.scores.map(\.count), "a row for every row of scores")
        }
        let costScale = golden.scores.flatMap(\.self).withUnsafeBufferPointer { SoftTopK.costScale($0) }
        let largest = golden.grad.joined().map(abs).max() ?? 0
        for (row, scores) in golden.scores.enumerated() {
            #expect(scores.count == golden.n)
            let found = scores.withUnsafeBufferPointer { topK.plan($0, k: golden.k, costScale: costScale) }
            let plan = try #require(found)
            expectClose(plan.kept.map { 1 - $0 }, golden.a[row], absolute: 1e-5, "a of row \(row)")
            let gradient = scores.withUnsafeBufferPointer {
                topK.gradient($0, plan, kept: golden.weight[row].map { -$0 })
            }
            expectClose(gradient, golden.grad[row], absolute: 1e-3 * largest, "gradient of row \(row)")
        }
    }
}
