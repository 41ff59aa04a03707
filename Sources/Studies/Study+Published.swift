package import Emotion
extension Study {
    /// An experiment of the paper.
    ///
    /// - Parameters:
    ///   - modalities: names of those of the data.
    ///   - base: what every cell starts from.
    /// - Throws: ``CellError`` when `base` does not go together with a cell.
    package init(_ published: Published, modalities: [String], base: Hyperparameters) throws(CellError) {
        let variants =
            switch published {
            case .table2: Self.table2(modalities: modalities, base: base)
            case .maskRatio: Self.maskRatio
            case .appModules: Self.appModules
            case .trainingCurves: Self.trainingCurves
            }
        var cells: [Cell] = []
        for variant in variants {
            cells.append(try Cell(variant.name, variant.settings, comment: variant.comment, base: base))
        }
        self.init(published: published, base: base, cells: cells)
    }

    /// A cell before it is checked.
    private struct Variant {
        let name: String
        let settings: [String: HyperparameterValue]
        let comment: String?

        init(_ name: String, _ settings: [String: HyperparameterValue] = [:], comment: String? = nil) {
            (self.name, self.settings, self.comment) = (name, settings, comment)
        }
    }

    private static let off = HyperparameterValue.string("off")

    /// The rows of table 2 in their order.
    private static func table2(modalities: [String], base: Hyperparameters) -> [Variant] {
        let dropped = base.dropModalities
        let used = modalities.filter { !dropped.contains($0) }
        // Nothing would be left of a single one.
        let single: [Variant] =
            used.count < 2 ? [] : used.map { .init("without \($0)", ["drop_modalities": .list(dropped + [$0])]) }
        let others: [Variant] = [
            without(.multimodal, "multi-modal encoder", ["multimodal_encoder": .string("none")], base),
            without(.decoder, "decoder", ["decoder": .string("none")], base),
            .init("without ATM", ["atm": off]),
            .init("random mask", ["atm": .string("random_mask")]),
            .init("no gradient reversal", ["atm": .string("no_reversal")]),
            .init("without APP", ["app": off]),
            .init("random perturbation", ["app": .string("random")]),
            .init("attention not perturbed", ["app_scope": .string("ff")]),
            .init("feed-forward not perturbed", ["app_scope": .string("attention")]),
            .init("LSTM", ["backbone": .string("lstm")]),
            .init("LSTM without ATM and APP", ["backbone": .string("lstm"), "atm": off, "app": off]),
            .init("without ATM and APP", ["atm": off, "app": off]),
            .init("FGSM", augmented("fgsm")),
            .init("PGD", augmented("pgd")),
            .init("random erasing", augmented("random_erasing")),
            .init("Gaussian noise", augmented("gaussian_noise")),
        ]
        // A modality may be called as a part of the method is.
        let taken = Set(others.map(\.name))
        return [.init("full model")]
            + single.map {
                taken.contains($0.name) ? Variant("\($0.name) (modality)", $0.settings, comment: $0.comment) : $0
            } + others
    }

    /// The model without a module, where APP goes on with what is left of `app_modules`.
    private static func without(
        _ module: Hyperparameters.Module, _ name: String, _ settings: [String: HyperparameterValue],
        _ base: Hyperparameters
    ) -> Variant {
        let name = "without \(name)"
        guard base.parameterPerturbation != .off, base.perturbedModules.contains(module) else {
            return Variant(name, settings)
        }
        let rest = base.perturbedModules.filter { $0 != module }
        if rest.contains(where: base.isPerturbable) {
            return Variant(name, settings.merging(["app_modules": .list(rest.map(\.rawValue))]) { $1 })
        }
        return Variant(
            name, settings.merging(["app": off]) { $1 },
            comment: "APP is off, as there is nothing that it would perturb.")
    }

    /// In place of adversarial training.
    private static func augmented(_ augmentation: String) -> [String: HyperparameterValue] {
        ["atm": off, "app": off, "augmentation": .string(augmentation)]
    }

    private static let maskRatio: [Variant] = (1...8).map {
        .init("mask ratio 0.\($0)", ["mask_ratio": .number(Double($0) / 10)])
    }

    private static let appModules: [Variant] =
        [.init("off", ["app": off])]
        + [
            ["multimodal"], ["unimodal"], ["decoder"], ["unimodal", "multimodal"], ["multimodal", "decoder"],
            ["unimodal", "multimodal", "decoder"],
        ].map { .init($0.joined(separator: " + "), ["app": .string("on"), "app_modules": .list($0)]) }

    private static let trainingCurves: [Variant] = [
        .init("natural", ["atm": off, "app": off]),
        .init("ATM", ["atm": .string("on"), "app": off]),
        .init("APP", ["atm": off, "app": .string("on")]),
        .init("ATM and APP", ["atm": .string("on"), "app": .string("on")]),
    ]
}
