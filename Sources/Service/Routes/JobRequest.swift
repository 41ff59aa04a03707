import Emotion
import JSON

/// The body of `POST /v1/jobs`.
struct JobRequest {
    private static let known = [
        "dataset", "model", "recipe", "seed", "priority", "max_attempts", "hyperparameters", "early_stopping",
        "checkpoint",
    ]
    private static let metricPrefix = "valid_"

    let dataset: String
    let model: String
    let priority: Int
    let maxAttempts: Int
    private(set) var document: JobDocument
    /// Names of the hyperparameters that were given, beyond the recipe.
    private let given: Set<String>

    init(_ body: [UInt8]) throws(Problem) {
        var members = try JSONMembers(body: body, known: Self.known)
        dataset = members.string("dataset")
        let model = members.string("model")
        if !members.hasError(at: "model"), !ModelName.isValid(model) { members.fail("model", ModelName.rule) }
        self.model = model
        priority = members.integer("priority", in: -1000...1000, default: 0)
        maxAttempts = members.integer("max_attempts", in: 1...100, default: 1)
        given = Set(members.names(of: "hyperparameters"))
        let name = members.string("recipe", default: Recipe.paper.rawValue)
        let recipe = Recipe(rawValue: name)
        if recipe == nil {
            let names = Recipe.allCases.map(\.rawValue).joined(separator: ", ")
            members.fail("recipe", "there is no recipe \"\(name)\"; there are: \(names)")
        }
        document = JobDocument(
            recipe: name,
            // A seed that is not given is fixed, so that the same request gives the same model.
            seed: UInt64(members.integer("seed", in: 0...Int.max, default: 0)),
            hyperparameters: Self.hyperparameters(&members, over: (recipe ?? .paper).hyperparameters),
            earlyStopping: Self.earlyStopping(&members)
        )
        if members.take("checkpoint") != nil {
            members.fail(
                "checkpoint", "is not supported yet: no checkpoints are kept, and a job that is interrupted starts over"
            )
        }
        try members.finish()
    }

    /// Takes over what the data set says and the request does not.
    mutating func adopt(_ schema: DatasetSchema) {
        if schema.replacesNonfinite || schema.hasReplacedValues, !given.contains("replace_nonfinite") {
            document.hyperparameters.replaceNonfinite = true
        }
    }

    private static func hyperparameters(_ members: inout JSONMembers, over recipe: Hyperparameters) -> Hyperparameters {
        guard let value = members.take("hyperparameters") else { return recipe }
        guard case .object(let object) = value else {
            members.fail("hyperparameters", "must be an object, not \(value.kind)")
            return recipe
        }
        var values: [String: HyperparameterValue] = [:]
        var errors: [FieldError] = []
        let pointer = members.pointer(to: "hyperparameters")
        for (name, value) in object.sorted(by: { $0.key < $1.key }) {
            if let value = HyperparameterValue(value) {
                values[name] = value
            } else {
                let domain = (try? Hyperparameters.field(name)).map { ", not \($0.domain)" } ?? ""
                let detail = "\(name): is \(value.kind)\(domain)"
                errors.append(FieldError(pointer: FieldError.pointer(pointer, name), detail: detail))
            }
        }
        members.fail(errors)
        do throws(HyperparameterErrors) {
            return try recipe.setting(values)
        } catch {
            members.fail(ErrorMapping.problem(error).errors)
            return recipe
        }
    }

    private static func earlyStopping(_ members: inout JSONMembers) -> Training.EarlyStopping? {
        members.object("early_stopping", known: ["metric", "patience"]) { own in
            let names = Hyperparameters.SelectionMetric.allCases.map { metricPrefix + $0.rawValue }
            let name = own.string("metric", default: "valid_micro_f1")
            let metric =
                name.hasPrefix(metricPrefix)
                ? Hyperparameters.SelectionMetric(rawValue: String(name.dropFirst(metricPrefix.count))) : nil
            if metric == nil { own.fail("metric", "\"\(name)\" is not one of \(names.joined(separator: ", "))") }
            let patience = own.integer("patience", in: 1...100_000, default: 5)
            return metric.map { Training.EarlyStopping(metric: $0, patience: patience) }
        }
    }
}

extension HyperparameterValue {
    /// nil for what no hyperparameter can be.
    init?(_ value: JSONValue) {
        switch value {
        case .bool(let flag): self = .boolean(flag)
        case .integer(let number): self = .number(Double(number))
        case .unsigned(let number): self = .number(Double(number))
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .array(let elements):
            var words: [String] = []
            for element in elements {
                guard case .string(let word) = element else { return nil }
                words.append(word)
            }
            self = .list(words)
        case .null, .outOfRange, .object: return nil
        }
    }
}
