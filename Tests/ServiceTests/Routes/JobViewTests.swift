import JSON
import Testing

@testable import Service

@Suite struct JobViewTests {
    @Test func theResultOfAListedJobHasNoMoreThanFigures() throws {
        let result = try JSONReader.value(
            Array(
                """
                {"best_epoch": 4, "tuned_thresholds": [0.1], "test": null,
                 "validation": {"micro_f1": 0.5, "macro_auroc": null, "per_label_f1": [0.5], "counting": {"clips": 3}},
                 "validation_by_threshold": {"0.5": {"micro_f1": 0.5}}}
                """.utf8))
        let validation: JSONValue = ["micro_f1": .number(0.5), "macro_auroc": .null]
        #expect(JobView.brief(result) == ["best_epoch": .integer(4), "test": .null, "validation": validation])
    }
}
