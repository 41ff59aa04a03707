import Engine
import TestSupport
import Testing

@testable import Emotion

/// Every switch of a model and its training: it changes what is trained, and the result can be used.
@Suite("Variants")
struct VariantTests {
    /// A hyperparameter with a value other than the base configuration's, and what must be set for it to matter; written
    /// as on the command line.
    struct Variant: Sendable, CustomTestStringConvertible {
        let name: String
        let value: String
        let base: [String: String]

        init(_ name: String, _ value: String, base: [String: String] = [:]) {
            (self.name, self.value, self.base) = (name, value, base)
        }

        var testDescription: String {
            (["\(name) \(value)"] + base.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })
                .joined(separator: ", ")
        }
    }

    private static let unmasked = ["atm": "off"]

    static let variants: [Variant] = [
        .init("d_model", "24"), .init("heads", "2"), .init("feed_forward", "16"), .init("unimodal_blocks", "2"),
        .init("multimodal_blocks", "2"), .init("decoder_blocks", "2"), .init("dropout", "0.3"),
        .init("layer_norm_epsilon", "0.1"), .init("positional", "sinusoidal"), .init("positional", "learned"),
        .init("classifier", "shared"), .init("backbone", "lstm"),
        .init("multimodal_encoder", "none", base: ["app_modules": "unimodal"]),
        .init("multimodal_encoder", "none", base: ["app": "off"]), .init("decoder", "none"),
        .init("drop_modalities", "text"), .init("drop_modalities", "audio"),

        .init("epochs", "1"), .init("batch_size", "4"), .init("learning_rate", "1e-3"), .init("weight_decay", "0.5"),
        .init("warmup_steps", "4"), .init("schedule", "constant"), .init("clip_norm", "0.05"),
        .init("standardize", "true"),

        .init("atm", "off"), .init("atm", "random_mask"), .init("atm", "no_reversal"), .init("mask_ratio", "0.3"),
        .init("mask_ratio", "0.7"), .init("mask_ratio", "0.8", base: ["atm": "random_mask"]),
        .init("mask_ratio", "0.8", base: ["atm": "off", "augmentation": "random_erasing"]),
        .init("topk_epsilon", "0.5"), .init("topk_iterations", "1"), .init("topk_side", "smallest"),
        .init("alpha", "0.5"),

        .init("app", "off"), .init("app", "random"), .init("gamma", "0.2"),
        .init("gamma", "0.2", base: ["app": "random"]),
        .init("app_scope", "attention"), .init("app_scope", "ff"), .init("app_scope", "all"),
        .init("app_scope", "all", base: ["backbone": "lstm"]), .init("app_norm", "global"),
        .init("app_norm", "global", base: ["app": "random"]), .init("app_source", "accumulated"),
        .init("app_source", "accumulated", base: ["app_modules": "unimodal"]), .init("app_modules", "unimodal"),
        .init("app_modules", "decoder"), .init("app_modules", "unimodal,decoder"),
        .init("app_modules", "unimodal,multimodal,decoder"), .init("divergence", "softmax"),

        .init("loss", "asymmetric"), .init("rho", "0.5"), .init("rho", "0.5", base: ["atm": "random_mask"]),
        .init("rho", "0.5", base: ["atm": "off", "augmentation": "gaussian_noise"]), .init("sigma", "0.2"),

        .init("augmentation", "fgsm", base: unmasked), .init("augmentation", "pgd", base: unmasked),
        .init("augmentation", "random_erasing", base: unmasked),
        .init("augmentation", "gaussian_noise", base: unmasked),
        .init("augmentation_size", "0.3", base: ["atm": "off", "augmentation": "fgsm"]),
        .init("augmentation_size", "0.3", base: ["atm": "off", "augmentation": "pgd"]),
        .init("augmentation_size", "0.3", base: ["atm": "off", "augmentation": "gaussian_noise"]),
    ]

    /// What does not change the weights of an epoch, or not on every machine.
    private static let others: Set = ["select_by", "threshold", "replace_nonfinite", "precision"]

    @Test("every hyperparameter has a variant, and every choice")
    func complete() {
        #expect(Set(Self.variants.map(\.name)).union(Self.others) == Set(Hyperparameters.fields.map(\.name)))
        let base = ModelConfiguration.make().hyperparameters
        for field in Hyperparameters.fields where !Self.others.contains(field.name) {
            guard case .choice(let words) = field.domain, case .string(let word) = field.read(base) else { continue }
            let values = Self.variants.filter { $0.name == field.name }.map(\.value)
            #expect(Set(values).union([word]) == Set(words), "\(field.name)")
        }
    }

    private static func configuration(_ changes: [String: String]) throws -> ModelConfiguration {
        let narrow = ModelConfiguration.make {
            $0.epochs = 2
            $0.warmupSteps = 0
            // Decay would move what takes no part.
            $0.weightDecay = 0
        }
        return ModelConfiguration(
            labels: narrow.labels, modalities: narrow.modalities,
            hyperparameters: try narrow.hyperparameters.setting(changes.mapValues(HyperparameterValue.init(argument:))))
    }

    /// Trains on the same clips from the same seed; every loss that is there must be finite.
    private static func train(_ changes: [String: String]) throws -> Model {
        let training = Training(
            configuration: try configuration(changes), train: .make(24, seed: 1), validation: .make(12, seed: 2),
            seed: 1)
        return try training.run { event in
            guard case .step(let step) = event else { return }
            let losses = step.outcome.losses
            #expect([losses.recognition, losses.masked ?? 0, losses.perturbed ?? 0].allSatisfy { $0.isFinite })
        }
    }

    private static func weights(_ model: Model) -> [String: [Float]] {
        let named = model.parameters.layout.parameters.map { ($0.name, model.parameters.values($0)) }
        return Dictionary(uniqueKeysWithValues: named)
    }

    /// The weights of each base by its changes.
    private static let bases: [[String: String]: [String: [Float]]] = {
        let distinct = Set(variants.map(\.base))
        return Dictionary(uniqueKeysWithValues: distinct.map { ($0, weights(try! train($0))) })
    }()

    @Test("a switch changes the training, and the model can be evaluated", arguments: variants)
    func changes(variant: Variant) throws {
        let changed = variant.base.merging([variant.name: variant.value]) { $1 }
        let model = try Self.train(changed)
        let weights = Self.weights(model)
        #expect(weights.values.allSatisfy { $0.allSatisfy { $0.isFinite } })
        // What takes part has a gradient, and moves.
        let initial = Self.weights(Model.make(try Self.configuration(changed), seed: 1))
        let resting = weights.filter { $0.value == initial[$0.key] }.keys.sorted()
        #expect(resting.isEmpty)
        // Those of modules that both have: a module more or less is not all that a switch does.
        let base = try #require(Self.bases[variant.base])
        #expect(weights.contains { name, values in base[name].map { $0 != values } ?? false })

        let clips = Clips.make(12, seed: 3)
        #expect(model.probabilities(clips).allSatisfy { $0 > 0 && $0 < 1 })
        let metrics = model.evaluate(clips)
        #expect((0...1).contains(metrics.microF1) && (0...1).contains(metrics.accuracy))
    }

    @Test(
        "a switch of the network takes away and adds whole modules, and nothing else",
        arguments: [
            (["multimodal_encoder": "none", "app": "off"], ["encoder.multimodal."], []),
            (["decoder": "none"], ["decoder."], []),
            (["drop_modalities": "text"], ["projection.text.", "encoder.text.", "masking.text."], []),
            (["atm": "off"], ["masking."], []), (["atm": "random_mask"], ["masking."], []),
            (["positional": "learned"], [], ["positions.text", "positions.audio"]),
            (["positional": "sinusoidal"], [], []),
            (["classifier": "shared"], [], []),
            (["unimodal_blocks": "2"], [], ["encoder.text.layers.1.", "encoder.audio.layers.1."]),
            (["multimodal_blocks": "2"], [], ["encoder.multimodal.layers.1."]),
            (["decoder_blocks": "2"], [], ["decoder.layers.1."]),
            (["app": "off"], [], []), (["standardize": "true"], [], []),
        ] as [([String: String], [String], [String])])
    func modules(changes: [String: String], gone: [String], added: [String]) throws {
        func names(_ changes: [String: String]) throws -> Set<String> {
            Set(Network(try Self.configuration(changes)).layout.parameters.map(\.name))
        }
        func begin(_ names: Set<String>, with prefixes: [String]) -> Set<String> {
            names.filter { name in prefixes.contains { name.hasPrefix($0) } }
        }
        let (before, after) = (try names([:]), try names(changes))
        #expect(before.subtracting(after) == begin(before, with: gone))
        #expect(after.subtracting(before) == begin(after, with: added))
        for prefix in gone { #expect(!begin(before, with: [prefix]).isEmpty && begin(after, with: [prefix]).isEmpty) }
        for prefix in added { #expect(begin(before, with: [prefix]).isEmpty && !begin(after, with: [prefix]).isEmpty) }
    }

    @Test("without a change the weights are the same")
    func unchanged() throws {
        #expect(Self.weights(try Self.train([:])) == Self.bases[[:]])
    }

    @Test("a pass that is off has no loss")
    func losses() throws {
        for (changes, hasMasked, hasPerturbed) in [
            ([:], true, true), (["atm": "off"], false, true), (["app": "off"], true, false),
            (["atm": "off", "app": "off"], false, false), (["atm": "off", "augmentation": "pgd"], true, true),
        ] as [([String: String], Bool, Bool)] {
            let passes = ObjectiveCase(try Self.configuration(changes)).run().passes
            #expect((passes.losses.masked != nil) == hasMasked)
            #expect((passes.losses.perturbed != nil) == hasPerturbed)
        }
    }

    /// With all that draws, splits or accumulates.
    @Test(
        "the same seed gives the same weights with one thread and with two",
        arguments: ["transformer", "lstm"], ["on", "random_mask", "pgd", "random_erasing", "gaussian_noise"])
    func threads(backbone: String, second: String) throws {
        var changes = [
            "epochs": "1", "backbone": backbone, "positional": "learned", "standardize": "true", "clip_norm": "1",
            "app_scope": "all", "app_modules": "unimodal,multimodal,decoder", "app_source": "accumulated",
        ]
        let isMasking = ["on", "random_mask"].contains(second)
        changes["atm"] = isMasking ? second : "off"
        changes["augmentation"] = isMasking ? "none" : second
        changes["app"] = second == "random_mask" ? "random" : "on"
        let threads = Parallel.threads
        defer { Parallel.threads = threads }
        Parallel.threads = 1
        let first = Self.weights(try Self.train(changes))
        Parallel.threads = 2
        #expect(Self.weights(try Self.train(changes)) == first)
    }

    @Test(
        "clips of one unit and of a modality without units train",
        arguments: [
            [:], ["backbone": "lstm"], ["decoder": "none", "multimodal_encoder": "none", "app_modules": "unimodal"],
            ["atm": "random_mask", "positional": "sinusoidal"], ["atm": "off", "augmentation": "random_erasing"],
            ["atm": "off", "augmentation": "pgd"],
            ["topk_epsilon": "1e-4", "mask_ratio": "0.5", "standardize": "true"],
        ] as [[String: String]])
    func shortClips(changes: [String: String]) throws {
        let changes = changes.merging(["epochs": "1"]) { $1 }
        var configuration = try Self.configuration(changes)
        for recipe in Recipe.allCases {
            if recipe == .reference {
                let switches = Recipe.reference.hyperparameters
                configuration = try Self.configuration(
                    [
                        "classifier": switches.classifier.rawValue, "topk_side": switches.topKSide.rawValue,
                        "app_scope": switches.perturbationScope.rawValue, "loss": switches.loss.rawValue,
                        "app_source": switches.perturbationSource.rawValue, "clip_norm": "1",
                        "divergence": switches.divergence.rawValue,
                    ].merging(changes) { $1 })
            }
            // The last of these make a batch in which no clip has the second modality.
            for lengths in [[[1, 0], [0, 1], [1, 1], [2, 0], [0, 3], [5, 1]], [[1, 0], [3, 0]], [[0, 1]]] {
                let clips = Clips.make(lengths: lengths, configuration: configuration)
                let training = Training(configuration: configuration, train: clips, validation: clips, seed: 1)
                let model = try training.run { _ in }
                #expect(model.parameters.values.allSatisfy { $0.isFinite })
                #expect(model.probabilities(clips).allSatisfy { $0 > 0 && $0 < 1 })
            }
        }
    }
}
