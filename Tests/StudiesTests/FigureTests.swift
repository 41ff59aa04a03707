import Foundation
import FoundationXML
import TestSupport
import Testing

@testable import Emotion
@testable import Studies

@Suite("Figures of studies")
struct FigureTests {
    /// Counts elements and gathers text.
    private final class Reader: NSObject, XMLParserDelegate {
        var counts: [String: Int] = [:]
        var text = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            counts[name, default: 0] += 1
            for (key, value) in attributes where value.contains("nan") || value.contains("inf") {
                Issue.record("\(name) \(key)=\(value)")
            }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
    }

    private func read(_ svg: String) throws -> Reader {
        let reader = Reader()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = reader
        try #require(parser.parse())
        return reader
    }

    /// - Parameter diverged: the runs without a result, by place of the cell and seed.
    private func figure(
        _ published: Study.Published, name: String = "clips", seeds: UInt64, score: Double? = nil,
        diverged: (Int, UInt64) -> Bool = { _, _ in false }
    ) throws -> String {
        let base = try Hyperparameters().setting(["epochs": .number(3)])
        let study = try Study(published, modalities: ["text", "audio"], base: base)
        let data = StudyData(
            name: name, labels: ["a"], modalities: [], train: 1, validation: 1, test: 1, fingerprint: "")
        return StudySummary(
            study: study,
            data: data,
            outcomes: try study.cells.indices.map { index in
                try (1...seeds).map { seed in
                    let microF1 = score ?? (Double(index) + Double(seed)) / 20
                    return try .make(seed: seed, microF1: diverged(index, seed) ? nil : microF1, epochs: 3)
                }
            }
        ).figure
    }

    @Test("figure 4 (a) has a point with a whisker for every ratio", arguments: [1, 3])
    func maskRatio(seeds: UInt64) throws {
        let reader = try read(figure(.maskRatio, seeds: seeds))
        #expect(reader.counts["circle"] == 8)
        for ratio in 1...8 { #expect(reader.text.contains("0.\(ratio)")) }
        #expect(reader.text.contains("mask_ratio"))
    }

    @Test("figure 4 (b) has a bar for every choice of modules", arguments: [1, 3])
    func appModules(seeds: UInt64) throws {
        let reader = try read(figure(.appModules, seeds: seeds))
        // The background and the legend are rectangles too.
        #expect(reader.counts["rect"] == 9)
        #expect(reader.text.contains("+ decoder"))
    }

    @Test("table 2 has a bar for every row, under its name in short lines")
    func table2() throws {
        let reader = try read(figure(.table2, seeds: 2))
        // The background and the legend are rectangles too.
        #expect(reader.counts["rect"] == 21)
        #expect(reader.text.contains("no gradient") && !reader.text.contains("no gradient reversal"))
    }

    @Test("figure 5 has four lines in each of three panels", arguments: [1, 3])
    func trainingCurves(seeds: UInt64) throws {
        let reader = try read(figure(.trainingCurves, seeds: seeds))
        #expect(reader.counts["circle"] == 3 * 4 * 3)
        #expect(reader.text.contains("ATM and APP"))
    }

    @Test("a cell is drawn over the runs that ended, and not at all without any")
    func diverged() throws {
        let bars = try read(figure(.appModules, seeds: 3) { $0 == 1 || ($0, $1) == (2, 3) })
        #expect(bars.counts["rect"] == 8)
        #expect(bars.text.contains("(0 of") && bars.text.contains("(2 of"))
        #expect(bars.text.contains("without diverged runs"))
        let points = try read(figure(.maskRatio, seeds: 3) { index, _ in index == 1 })
        #expect(points.counts["circle"] == 7)
        #expect(points.text.contains("0.2"))
        let curves = try read(figure(.trainingCurves, seeds: 3) { index, _ in index == 1 })
        #expect(curves.counts["circle"] == 3 * 3 * 3)
    }

    @Test("a study of which nothing is left is drawn all the same", arguments: Study.Published.allCases)
    func nothingLeft(published: Study.Published) throws {
        #expect(try read(figure(published, seeds: 2) { _, _ in true }).text.contains("clips"))
    }

    @Test("values that are all the same and names with signs of XML are drawn", arguments: Study.Published.allCases)
    func degenerate(published: Study.Published) throws {
        let svg = try figure(published, name: "a<b> & \"c\"\u{1}", seeds: 2, score: 0)
        #expect(try read(svg).text.contains("a<b> & \"c\""))
    }

    @Test("a whisker ends at 0, and so does the axis of bars")
    func nothingBelowZero() throws {
        #expect(Statistic([0, 1]).span.low == 0)
        var svg = SVG()
        let bars = [(name: "low", value: Statistic([0, 50])), (name: "high", value: Statistic([60, 61]))]
        BarChart(title: "", yTitle: "", bars: bars, legend: "mean").draw(in: &svg, left: 0, width: 400)
        let text = try read(svg.document(width: 400, height: Plot.height)).text
        #expect(!text.contains("-"))
        #expect(!text.contains("starts at"))
    }

    @Test(
        "ticks are round and cover the values",
        arguments: [
            ([0.0, 10.0], ["0", "2", "4", "6", "8", "10"]),
            ([52.3, 54.1], ["52.0", "52.5", "53.0", "53.5", "54.0", "54.5"]),
            ([-0.03, 0.04], ["-0.04", "-0.02", "0.00", "0.02", "0.04"]),
            ([7, 7], ["6.4", "6.6", "6.8", "7.0", "7.2", "7.4", "7.6"]),
            ([1000, 6000], ["1000", "2000", "3000", "4000", "5000", "6000"]),
        ])
    func ticks(values: [Double], labels: [String]) {
        let ticks = Ticks(covering: values)
        #expect(ticks.values.map(ticks.label) == labels)
        #expect(ticks.first <= values[0] && ticks.last >= values[1])
    }
}
