import ArgumentParser

/// `limbic model`: exchanges weights with the authors' PyTorch model. (Plural, since a model itself is `Model`.)
struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Exchange weights with the authors' PyTorch model.",
        subcommands: [Import.self, Export.self]
    )
}
