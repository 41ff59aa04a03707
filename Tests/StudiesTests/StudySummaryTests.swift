import Foundation
import TestSupport
import Testing

@testable import Emotion
@testable import Studies

@Suite("Study summary")
struct StudySummaryTests {
    /// - Parameter scores: by cell and seed; nil where a run diverged.
    private func summary(_ scores: [[Double?]], study: Study? = nil) throws -> StudySummary {
        StudySummary(
            study: try study ?? .make(),
            data: .make(),
            outcomes: try scores.map { scores in
                try scores.enumerated().map { try .make(seed: UInt64($0.offset + 1), microF1: $0.element) }
            }
        )
    }

    @Test("mean, sample deviation and t")
    func statistic() throws {
        let statistic = Statistic([1, 2, 3, 6])
        #expect(statistic.mean == 3)
        // (4 + 1 + 0 + 9) / 3
        let deviation = (14.0 / 3).squareRoot()
        #expect(statistic.deviation == deviation)
        let t = try #require(statistic.t)
        let expected = 3 / (deviation / 2)
        #expect(abs(t - expected) < 1e-12)
        #expect(Statistic([0.3]).deviation == nil)
        #expect(Statistic([0.3]).t == nil)
        #expect(Statistic([0.1 + 0.2, 0.3]).t == nil)
    }

    @Test("differences are taken seed by seed")
    func paired() throws {
        let rows = try summary([[0.5, 0.75, 0.25], [0.5, 0.5, 0.125]]).rows
        #expect(rows[0].difference == nil)
        // 0, -1/4 and -1/8: their mean is -1/8, their variance (1/64 + 1/64) / 2.
        let difference = try #require(rows[1].difference)
        #expect(difference.mean == -0.125)
        #expect(difference.deviation == 0.125)
        let t = try #require(difference.t)
        #expect(abs(t + 3.0.squareRoot()) < 1e-12)
        #expect(rows[1].statistic(.microF1)?.mean == 0.375)
        #expect(rows[1].statistic(.hammingLoss)?.mean == 0.25)
        #expect(rows[1].statistic(.hammingLoss)?.deviation == 0)
    }

    @Test("runs that diverged are left out of the numbers, and of the differences of their seeds")
    func diverged() throws {
        let summary = try summary([[0.5, nil, 0.25, 0.75], [nil, 0.5, 0.125, 0.5]])
        #expect(summary.seeds == [1, 2, 3, 4])
        #expect(summary.rows.map { $0.diverged.map(\.seed) } == [[2], [1]])
        #expect(summary.rows[0].statistic(.microF1)?.mean == 0.5)
        #expect(summary.rows[1].statistic(.microF1)?.mean == 0.375)
        // -1/8 with seed 3 and -1/4 with seed 4.
        #expect(summary.rows[1].difference == Statistic([-0.125, -0.25]))
        #expect(
            summary.divergence
                == "2 of 8 runs diverged and are left out of the numbers: full (seed 2); no masks | at all (seed 1)")
        #expect(try self.summary([[0.5], [0.5]]).divergence == nil)
    }

    @Test("the table marks cells that diverged", arguments: [[0.5, nil, nil] as [Double?], [nil, nil, nil]])
    func divergedMarkdown(scores: [Double?]) throws {
        let text = try summary([[0.5, 0.75, 0.25], scores]).markdown
        let isPartly = scores[0] != nil
        let name = "| no masks \\| at all, diverged (seeds \(isPartly ? "2, 3" : "1, 2, 3")) |"
        #expect(
            text.split(separator: "\n").last
                == (isPartly ? "\(name) 50.00 | 0.2500 | 50.00 | 12.50 | +0.00 |  |" : "\(name) – | – | – | – |  |  |"))
        #expect(text.contains("Where runs diverged"))
        #expect(try !summary([[0.5], [0.25]]).markdown.contains("diverged"))
    }

    @Test("the table")
    func markdown() throws {
        let text = try summary([[0.5, 0.75, 0.25], [0.5, 0.5, 0.125]]).markdown
        let lines = text.split(separator: "\n")
        #expect(lines.first == "# Study cells")
        #expect(
            lines.suffix(4) == [
                "| | Acc (%) | HL | miF1 (%) | maF1 (%) | Δ miF1 | t |",
                "|---|---|---|---|---|---|---|",
                "| full | 50.00 ± 0.00 | 0.2500 ± 0.0000 | 50.00 ± 25.00 | 12.50 ± 0.00 |  |  |",
                "| no masks \\| at all | 50.00 ± 0.00 | 0.2500 ± 0.0000 | 37.50 ± 21.65 | 12.50 ± 0.00 "
                    + "| -12.50 ± 12.50 | -1.73 |",
            ])
        #expect(text.contains("8 clips for training, 4 for validation, 4 for testing; text (5), audio (3); 3 labels"))
        #expect(text.contains("`d_model` 16"))
        #expect(text.contains("over n = 3 seeds (1, 2, 3)"))
        let single = try summary([[0.5], [0.25]]).markdown
        #expect(single.contains("mean over n = 1 seed (1)"))
        #expect(single.contains("| 25.00 | 12.50 | -25.00 |  |"))
    }

    @Test("comments stand below the table")
    func comments() throws {
        let study = try Study(.table2, modalities: ["text"], base: Hyperparameters())
        let text = try summary(study.cells.map { _ in [0.5, 0.25] }, study: study).markdown
        #expect(
            text.hasSuffix(
                "\n\n* without multi-modal encoder: APP is off, as there is nothing that it would perturb.\n"))
    }

    @Test("the JSON holds the statistics and every run")
    func json() throws {
        let data = try JSONEncoder().encode(try summary([[0.5, 0.75, 0.25], [0.5, 0.5, 0.125]]))
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["study"] as? String == "cells")
        #expect(object["seeds"] as? [Int] == [1, 2, 3])
        let cell = try #require((object["cells"] as? [[String: Any]])?.last)
        #expect((cell["hyperparameters"] as? [String: Any])?["atm"] as? String == "off")
        #expect((cell["micro_f1_difference"] as? [String: Any])?["deviation"] as? Double == 0.125)
        #expect((cell["test"] as? [String: [String: Any]])?["micro_f1"]?["mean"] as? Double == 0.375)
        let runs = try #require(cell["runs"] as? [[String: Any]])
        #expect(runs.map { $0["seed"] as? Int } == [1, 2, 3])
        #expect(runs.allSatisfy { $0["best_epoch"] as? Int == 1 && $0["seconds"] as? Double == 1 })
        #expect((cell["diverged"] as? [Any])?.isEmpty == true)
    }

    @Test("the JSON says which runs diverged")
    func divergedJSON() throws {
        let data = try JSONEncoder().encode(try summary([[0.5, 0.75], [nil, nil]]))
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let cell = try #require((object["cells"] as? [[String: Any]])?.last)
        #expect((cell["diverged"] as? [[String: Int]]) == [["seed": 1, "step": 7], ["seed": 2, "step": 7]])
        #expect((cell["runs"] as? [Any])?.isEmpty == true)
        #expect((cell["test"] as? [String: Any])?["micro_f1"] is NSNull)
        #expect(cell["micro_f1_difference"] == nil)
    }
}
