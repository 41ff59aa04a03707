import ArgumentParser
import Emotion

/// A recipe and what is changed in it, for commands that train.
struct HyperparameterOptions: ParsableArguments {
    @Option(help: "Hyperparameters to start from.")
    var recipe = Recipe.paper

    @Option(name: .customLong("set"), help: "Set a hyperparameter; may be given several times.")
    var settings: [Assignment] = []

    /// The hyperparameters; of several values for the same one the last counts.
    ///
    /// - Throws: ``HyperparameterErrors`` with everything that is wrong.
    func value() throws -> Hyperparameters {
        let value = try recipe.hyperparameters.setting(
            Dictionary(settings.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last }))
        if let fault = value.precision.fault { throw ValidationError("precision: \(fault)") }
        return value
    }

    /// `name=value` as given to --set.
    struct Assignment: ExpressibleByArgument {
        let name: String
        let value: HyperparameterValue

        init?(argument: String) {
            guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
            name = String(argument[..<equals])
            value = HyperparameterValue(argument: String(argument[argument.index(after: equals)...]))
        }

        static let defaultValueDescription = "name=value"
    }
}

extension Recipe: ExpressibleByArgument {}
