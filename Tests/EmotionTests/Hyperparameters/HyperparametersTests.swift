import Foundation
import JSON
import Testing

@testable import Emotion

@Suite("Hyperparameters")
struct HyperparametersTests {
    @Test("the defaults are those of the paper")
    func paper() {
        let values = Hyperparameters().values
        #expect(values["d_model"] == .number(512))
        #expect(values["learning_rate"] == .number(5e-5))
        #expect(values["classifier"] == .string("per_label"))
    }

    @Test("every field reads back what it was set to", arguments: Hyperparameters.fields.map(\.name))
    func roundTrip(name: String) throws {
        let field = try Hyperparameters.field(name)
        let values: [HyperparameterValue] =
            switch field.domain {
            case .integer(let range): [.number(Double(range.upperBound)), .number(Double(range.lowerBound))]
            case .number(let range): [.number(range.upperBound), .number(range.lowerBound)]
            case .boolean: [.boolean(true), .boolean(false)]
            case .choice(let words): words.map(HyperparameterValue.string)
            case .names(let words): [.list(words ?? ["text", "audio"]), .list([(words ?? ["text"])[0]])]
            }
        for value in values {
            var hyperparameters = Hyperparameters()
            try field.set(value, in: &hyperparameters)
            guard case .number(let set) = value, case .number(let read) = field.read(hyperparameters) else {
                #expect(field.read(hyperparameters) == value)
                continue
            }
            #expect(abs(set - read) <= 1e-6 * abs(set))
        }
    }

    @Test("what is wrong is told with name, value and range")
    func errors() {
        let errors = #expect(throws: HyperparameterErrors.self) {
            try Hyperparameters().setting([
                "d_modle": .number(64), "dropout": .number(2), "epochs": .number(1.5), "schedule": .boolean(true),
            ])
        }
        #expect(errors?.errors.map(\.name) == ["d_modle", "dropout", "epochs", "schedule"])
        #expect(errors?.errors[1].reason == "2 is not a number from 0.0 to 0.95")
        #expect(errors?.errors[2].reason == "1.5 is not an integer from 1 to 100000")
        #expect(errors?.errors[3].reason == "true is not one of cosine, constant")
        #expect(errors?.errors[0].reason.contains("d_model") == true)
    }

    @Test("numbers that no range holds are refused", arguments: [Double.nan, .infinity, -.infinity, 1e300])
    func nonsense(number: Double) {
        for field in Hyperparameters.fields {
            #expect(throws: HyperparameterErrors.self) { try Hyperparameters().setting([field.name: .number(number)]) }
        }
    }

    @Test("the width must divide into the heads")
    func heads() throws {
        #expect(throws: HyperparameterErrors.self) {
            try Hyperparameters().setting(["d_model": .number(100), "heads": .number(8)])
        }
        let narrow = try Hyperparameters().setting(["d_model": .number(96)])
        #expect(narrow.modelWidth == 96)
    }

    @Test("values of the command line")
    func arguments() {
        #expect(HyperparameterValue(argument: "3e-4") == .number(3e-4))
        #expect(HyperparameterValue(argument: "true") == .boolean(true))
        #expect(HyperparameterValue(argument: "cosine") == .string("cosine"))
    }

    @Test("encoding and decoding keep all values")
    func coding() throws {
        let changed = try Hyperparameters().setting(["d_model": .number(64), "learning_rate": .number(3e-4)])
        let data = try JSONEncoder().encode(changed)
        #expect(try JSONReader.decode(Hyperparameters.self, from: data) == changed)
    }

    @Test("lists are arrays of words in JSON, or one word with commas")
    func lists() throws {
        for json in [
            #"{"drop_modalities": ["text", "audio"], "app_modules": ["unimodal", "decoder"]}"#,
            #"{"drop_modalities": "text,audio", "app_modules": "unimodal,decoder"}"#,
        ] {
            let read = try JSONReader.decode(Hyperparameters.self, from: Data(json.utf8))
            #expect(read.dropModalities == ["text", "audio"])
            #expect(read.perturbedModules == [.unimodal, .decoder])
        }
        let values = ["drop_modalities": "audio", "app_modules": "decoder"].mapValues(
            HyperparameterValue.init(argument:))
        let single = try Hyperparameters().setting(values)
        #expect(single.dropModalities == ["audio"])
        #expect(single.perturbedModules == [.decoder])
        for none in [HyperparameterValue.string(""), .list([])] {
            #expect(try single.setting(["drop_modalities": none]).dropModalities.isEmpty)
        }
        let data = try JSONEncoder().encode(single)
        #expect(try JSONReader.decode(Hyperparameters.self, from: data) == single)
    }

    @Test(
        "lists that cannot be are refused with what is allowed",
        arguments: [
            ("app_modules", .list([]), "[] is not a list of one or more of unimodal, multimodal, decoder"),
            ("app_modules", .string(""), "[] is not a list of one or more of unimodal, multimodal, decoder"),
            (
                "app_modules", .string("decoder,encoder"),
                #"["decoder", "encoder"] is not a list of one or more of unimodal, multimodal, decoder"#
            ),
            (
                "app_modules", .list(["decoder", "decoder"]),
                #"["decoder", "decoder"] is not a list of one or more of unimodal, multimodal, decoder"#
            ),
            ("app_modules", .number(1), "1 is not a list of one or more of unimodal, multimodal, decoder"),
            ("drop_modalities", .list(["text", "text"]), #"["text", "text"] is not a list of names"#),
            ("drop_modalities", .string("text,"), #"["text", ""] is not a list of names"#),
            ("drop_modalities", .boolean(true), "true is not a list of names"),
        ] as [(String, HyperparameterValue, String)])
    func brokenLists(name: String, value: HyperparameterValue, reason: String) {
        let errors = #expect(throws: HyperparameterErrors.self) { try Hyperparameters().setting([name: value]) }
        #expect(errors?.errors == [HyperparameterError(name: name, reason: reason)])
    }

    @Test(
        "what does not go together is told with name and reason",
        arguments: [
            (["augmentation": "fgsm"], "augmentation: takes the place of atm, which must be off"),
            (
                ["augmentation": "gaussian_noise", "atm": "random_mask"],
                "augmentation: takes the place of atm, which must be off"
            ),
            (["multimodal_encoder": "none"], "app_modules: the model has none of these; app may be off"),
            (
                ["decoder": "none", "app_modules": "decoder"],
                "app_modules: the model has none of these; app may be off"
            ),
            (
                [
                    "decoder": "none", "multimodal_encoder": "none", "app_modules": "multimodal,decoder",
                    "app": "random",
                ],
                "app_modules: the model has none of these; app may be off"
            ),
            (
                ["multimodal_blocks": "0"],
                "app_modules: these have no blocks, and outside of blocks app_scope attention+ff perturbs nothing; "
                    + "app may be off or app_scope all"
            ),
            (
                [
                    "unimodal_blocks": "0", "app_modules": "unimodal,decoder", "decoder": "none", "app_scope": "ff",
                    "backbone": "lstm",
                ],
                "app_modules: these have no blocks, and outside of blocks app_scope ff perturbs nothing; "
                    + "app may be off or app_scope all"
            ),
            (["d_model": "20"], "d_model: 20 is not a multiple of heads, which is 8"),
            (
                ["d_model": "20", "multimodal_encoder": "none", "augmentation": "pgd"],
                "d_model: 20 is not a multiple of heads, which is 8; "
                    + "augmentation: takes the place of atm, which must be off; "
                    + "app_modules: the model has none of these; app may be off"
            ),
        ] as [([String: String], String)])
    func contradictions(values: [String: String], expected: String) {
        let errors = #expect(throws: HyperparameterErrors.self) {
            try Hyperparameters().setting(values.mapValues(HyperparameterValue.init(argument:)))
        }
        #expect(errors?.description == expected)
    }

    @Test(
        "what goes together is taken",
        arguments: [
            ["augmentation": "fgsm", "atm": "off"], ["multimodal_encoder": "none", "app": "off"],
            ["multimodal_encoder": "none", "app_modules": "unimodal"],
            ["decoder": "none", "app_modules": "multimodal,decoder"], ["d_model": "20", "heads": "4"],
            ["multimodal_blocks": "0", "app": "off"], ["multimodal_blocks": "0", "app_scope": "all"],
            ["multimodal_blocks": "0", "app_modules": "multimodal,decoder"],
            ["unimodal_blocks": "0", "app_modules": "multimodal"],
        ])
    func compatible(values: [String: String]) throws {
        let set = try Hyperparameters().setting(values.mapValues(HyperparameterValue.init(argument:)))
        #expect(set != Hyperparameters())
    }

    @Test("the recipe reference is the paper's but for what the authors' script does")
    func reference() {
        #expect(Recipe.paper.hyperparameters == Hyperparameters())
        let reference = Recipe.reference.hyperparameters.values
        let changed = Hyperparameters().values.filter { reference[$0.key] != $0.value }.keys
        #expect(
            reference.filter { changed.contains($0.key) } == [
                "classifier": .string("shared"), "topk_iterations": .number(100),
                "topk_side": .string("smallest"), "app_scope": .string("all"),
                "app_source": .string("accumulated"), "divergence": .string("softmax"), "loss": .string("asymmetric"),
                "clip_norm": .number(1), "replace_nonfinite": .boolean(true),
            ])
    }

    @Test("a recipe can be taken with changes, and contradicts itself nowhere", arguments: Recipe.allCases)
    func recipes(recipe: Recipe) throws {
        let same = try recipe.hyperparameters.setting([:])
        #expect(same == recipe.hyperparameters)
        let changed = try recipe.hyperparameters.setting(["mask_ratio": .number(0.8)])
        #expect(changed.maskRatio == 0.8)
        #expect(changed.loss == recipe.hyperparameters.loss)
    }
}
