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
            case .table2: Self.table2(modalities: modalities, dropped: base.dropModalities)
            case .maskRatio: Self.maskRatio
            case .appModules: Self.appModules
            case .trainingCurves: Self.trainingCurves
            }
        var cells: [Cell] = []
        for (name, settings) in variants {
            cells.append(try Cell(name, settings, comment: Self.comments[name], base: base))
        }
        self.init(published: published, base: base, cells: cells)
    }

    private typealias Variant = (name: String, settings: [String: HyperparameterValue])

    private static let off = HyperparameterValue.string("off")

    /// The rows of table 2 in their order.
    private static func table2(modalities: [String], dropped: [String]) -> [Variant] {
        let used = modalities.filter { !dropped.contains($0) }
        // Nothing would be left of a single one.
        let single: [Variant] =
            used.count < 2 ? [] : used.map { ("without \($0)", ["drop_modalities": .list(dropped + [$0])]) }
        return [("full model", [:])] + single + [
            (withoutEncoder, ["multimodal_encoder": .string("none"), "app": off]),
            ("without decoder", ["decoder": .string("none")]),
            ("without ATM", ["atm": off]),
            ("random mask", ["atm": .string("random_mask")]),
            ("no gradient reversal", ["atm": .string("no_reversal")]),
            ("without APP", ["app": off]),
            ("random perturbation", ["app": .string("random")]),
            ("attention not perturbed", ["app_scope": .string("ff")]),
            ("feed-forward not perturbed", ["app_scope": .string("attention")]),
            ("LSTM", ["backbone": .string("lstm")]),
            ("LSTM without ATM and APP", ["backbone": .string("lstm"), "atm": off, "app": off]),
            ("without ATM and APP", ["atm": off, "app": off]),
            ("FGSM", augmented("fgsm")),
            ("PGD", augmented("pgd")),
            ("random erasing", augmented("random_erasing")),
            ("Gaussian noise", augmented("gaussian_noise")),
        ]
    }

    private static let withoutEncoder = "without multi-modal encoder"

    private static let comments = [withoutEncoder: "APP is off, as there is nothing that it would perturb."]

    /// In place of adversarial training.
    private static func augmented(_ augmentation: String) -> [String: HyperparameterValue] {
        ["atm": off, "app": off, "augmentation": .string(augmentation)]
    }

    private static let maskRatio: [Variant] = (1...8).map {
        ("mask ratio 0.\($0)", ["mask_ratio": .number(Double($0) / 10)])
    }

    private static let appModules: [Variant] =
        [("off", ["app": off])]
        + [
            ["multimodal"], ["unimodal"], ["decoder"], ["unimodal", "multimodal"], ["multimodal", "decoder"],
            ["unimodal", "multimodal", "decoder"],
        ].map { ($0.joined(separator: " + "), ["app": .string("on"), "app_modules": .list($0)]) }

    private static let trainingCurves: [Variant] = [
        ("natural", ["atm": off, "app": off]),
        ("ATM", ["atm": .string("on"), "app": off]),
        ("APP", ["atm": off, "app": .string("on")]),
        ("ATM and APP", ["atm": .string("on"), "app": .string("on")]),
    ]
}
