import Foundation
import TestSupport
import Testing

@testable import Emotion
@testable import Studies

@Suite("Study")
struct StudyTests {
    private static let modalities = ["text", "video", "audio"].map { Modality(name: $0, featureSize: 3) }

    @Test(
        "the cells of the paper are distinct and can be trained",
        arguments: Study.Published.allCases, Recipe.allCases)
    func published(study: Study.Published, recipe: Recipe) throws {
        let study = try Study(study, modalities: Self.modalities.map(\.name), base: recipe.hyperparameters)
        try study.check(labels: ["a", "b"], modalities: Self.modalities)
        for (index, cell) in study.cells.enumerated() {
            #expect(!study.cells[..<index].contains { $0.hyperparameters == cell.hyperparameters }, "\(cell.name)")
        }
    }

    @Test("table 2 has the paper's rows in its order")
    func table2() throws {
        let study = try Study(.table2, modalities: ["text", "video", "audio"], base: Hyperparameters())
        #expect(study.cells.count == 20)
        #expect(study.cells[0].hyperparameters == study.base)
        #expect(study.cells[1...3].map(\.hyperparameters.dropModalities) == [["text"], ["video"], ["audio"]])
        #expect(study.cells[4].hyperparameters.multimodalEncoder == .none)
        #expect(study.cells[4].hyperparameters.parameterPerturbation == .off)
        #expect(study.cells[4].comment != nil)
        #expect(study.cells[19].hyperparameters.augmentation == .gaussianNoise)
    }

    @Test(
        "without a module APP goes on with the others of its modules, and is off when there are none",
        arguments: [
            ("multimodal", "off", ["multimodal"], "on", ["multimodal"]),
            ("decoder", "on", ["decoder"], "off", ["decoder"]),
            ("unimodal,multimodal", "on", ["unimodal"], "on", ["unimodal", "multimodal"]),
            ("multimodal,decoder", "on", ["decoder"], "on", ["multimodal"]),
        ] as [(String, String, [String], String, [String])])
    func withoutModules(
        modules: String, encoderless: String, left: [String], decoderless: String, leftOfDecoderless: [String]
    ) throws {
        let base = try Hyperparameters().setting(["app_modules": .string(modules)])
        let study = try Study(.table2, modalities: ["text", "video"], base: base)
        for (name, app, left) in [
            ("without multi-modal encoder", encoderless, left), ("without decoder", decoderless, leftOfDecoderless),
        ] {
            let cell = try #require(study.cells.first { $0.name == name })
            #expect(cell.hyperparameters.parameterPerturbation.rawValue == app)
            #expect(cell.hyperparameters.perturbedModules.map(\.rawValue) == left)
            #expect((cell.comment != nil) == (app == "off"))
        }
    }

    @Test("where nothing is perturbed, no cell says that APP is off")
    func unperturbed() throws {
        let base = try Hyperparameters().setting(["app": .string("off")])
        let study = try Study(.table2, modalities: ["text", "video"], base: base)
        #expect(study.cells.allSatisfy { $0.comment == nil })
    }

    @Test("what all cells share is kept under a cell's own settings")
    func base() throws {
        let base = try Hyperparameters().setting(["epochs": .number(3), "drop_modalities": .string("video")])
        let study = try Study(.table2, modalities: ["text", "video", "audio"], base: base)
        #expect(study.cells.allSatisfy { $0.hyperparameters.epochs == 3 })
        #expect(study.cells[1...2].map(\.hyperparameters.dropModalities) == [["video", "text"], ["video", "audio"]])
        let single = try Study(.table2, modalities: ["text"], base: Hyperparameters())
        #expect(single.cells.allSatisfy { $0.hyperparameters.dropModalities.isEmpty })
    }

    @Test("figure 4 (a) goes from 0.1 to 0.8")
    func maskRatio() throws {
        let study = try Study(.maskRatio, modalities: ["text"], base: Hyperparameters())
        #expect(study.cells.map(\.hyperparameters.maskRatio) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    }

    @Test("cells of a file")
    func file() throws {
        let study = try Study.make()
        #expect(study.cells.map(\.name) == ["full", "no masks | at all"])
        #expect(study.cells[0].hyperparameters == study.base)
        #expect(study.cells[1].hyperparameters.temporalMasking == .off)
        #expect(study.cells[1].hyperparameters.perturbedModules == [.decoder])
    }

    @Test(
        "a bad entry is named with field and reason",
        arguments: [
            (#"[{"name": "x", "hyperparameters": {"atn": "off"}}]"#, "cell x: atn: is not a hyperparameter"),
            (#"[{"name": "x", "hyperparameters": {"dropout": 2}}]"#, "cell x: dropout: 2 is not a number"),
            (#"[{"name": "x", "hyperparameters": {"augmentation": "pgd"}}]"#, "cell x: augmentation: takes the place"),
            (#"[{"name": "x", "hyperparameters": {"atm": null}}]"#, "cell 1: hyperparameters/atm: "),
            (
                #"[{"name": "x", "hyperparameters": {}}, {"hyperparameters": {}}]"#,
                #"cell 2: name: is missing"#
            ),
            (#"[{"name": "", "hyperparameters": {}}]"#, "cell 1: name: must have 1 to 60 bytes"),
            (#"[{"name": "x"}]"#, #"cell 1: hyperparameters: is missing"#),
            (#"[3]"#, "cell 1: entry: "),
            (#"{"name": "x"}"#, "cell 1: file: must be an array"),
            (#"[{"#, "cell 1: file: must be an array"),
            (#"[]"#, "cell 1: file: there are no cells"),
            (#"[{"name": "x", "hyperparameters": {}}, {"name": "x", "hyperparameters": {}}]"#, "cell x: name: is also"),
            (#"[{"name": "x", "hyperparameters": {"replace_nonfinite": true}}]"#, "cell x: replace_nonfinite: must be"),
        ])
    func badFile(text: String, beginning: String) {
        let error = #expect(throws: CellError.self) { try Study.make(text) }
        #expect(error?.description.hasPrefix(beginning) == true, "\(error as Any)")
    }

    @Test("a modality that the data lacks is found before the training")
    func modality() throws {
        let study = try Study.make(#"[{"name": "x", "hyperparameters": {"drop_modalities": ["smell"]}}]"#)
        let error = #expect(throws: CellError.self) { try study.check(labels: ["a"], modalities: Self.modalities) }
        #expect(error?.description == "cell x: drop_modalities: there is no modality smell")
    }
}
