import Emotion

extension Hyperparameters {
    /// As they are set: each may be left out, and has the value of the recipe then.
    static let settingSchema = Schema.object(
        fields.map { .init($0.name, $0.settingSchema, isRequired: false) },
        "Values that differ from those of the recipe"
    ).named("HyperparameterSettings")

    /// Values of some of them, of which every combination is meant.
    static let gridSchema = Schema.object(
        fields.map { .init($0.name, .array(of: $0.settingSchema, count: 1...1000), isRequired: false) },
        "Values of hyperparameters, of which every combination is a cell; the last of them, in the order in which they are "
            + "listed here, runs fastest"
    ).named("HyperparameterGrid")

    /// As they are shown.
    static let schema = Schema.object(fields.map { .init($0.name, $0.schema) }).named("Hyperparameters")
}

extension HyperparameterField {
    fileprivate var schema: Schema {
        switch domain {
        case .integer(let range): .integer(range, summary)
        case .number(let range): .number(range, summary)
        case .boolean: Schema(.boolean, summary)
        case .choice(let words): .words(words, summary)
        case .names(let words?): .array(of: .words(words), count: 1...words.count, isUnique: true, summary)
        case .names(nil): .array(of: .string(length: 1...200), count: 0...256, isUnique: true, summary)
        }
    }

    fileprivate var settingSchema: Schema {
        // A list may be one word with commas, as on the command line.
        if case .names = domain { return .choice([schema, .string(length: 0...10_000)], summary) }
        return schema
    }
}
