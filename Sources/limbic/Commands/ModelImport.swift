import ArgumentParser
import Emotion
import Engine

extension Models {
    /// `limbic model import`: a model directory from the authors' weights.
    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a model directory from the authors' weights.",
            discussion: """
                The file is the state_dict of their model of text, video and audio in the format safetensors, which \
                safetensors.torch.save_file(torch.load("NAME_checkpoint.bin"), "FILE") writes.
                """
        )

        @Argument(help: "Weights, safetensors.")
        var file: String

        @Option(help: "Directory for the model; must be new or empty.")
        var out: String

        @Option(help: "Attention heads, which the file does not tell.")
        var heads = Hyperparameters().heads

        @Option(
            help: "Names of the labels, a,b,c (default: those of CMU-MOSEI when there are six, else label_1,label_2,…)."
        )
        var labels: LabelList?

        @Flag(help: "Write to --out even if it is not empty.")
        var force = false

        func validate() throws {
            guard heads > 0 else { throw ValidationError("--heads \(heads) is not positive") }
        }

        func run() throws {
            try Failure.reporting {
                try Paths.requireFile(file)
                let model = try ReferenceWeights.read(file, heads: heads, labels: labels?.values)
                let output = try OutputDirectory(out, force: force)
                try output.filled { try ModelDirectory.write(model, to: output.path) }
                try StandardOutput.write(summary(of: model))
            }
        }

        private func summary(of model: Model) -> String {
            let configuration = model.configuration
            let hyperparameters = configuration.hyperparameters
            let modalities = configuration.modalities.map { "\($0.name) \($0.featureSize)" }
            let blocks = [
                hyperparameters.unimodalBlocks, hyperparameters.multimodalBlocks, hyperparameters.decoderBlocks,
            ]
            return """
                \(out): \(modalities.joined(separator: ", ")); d_model \(hyperparameters.modelWidth), \
                heads \(hyperparameters.heads), feed_forward \(hyperparameters.feedForward), \
                blocks \(blocks.map(String.init).joined(separator: " + ")); \
                \(model.parameters.layout.count) parameters; labels \(configuration.labels.joined(separator: ", "))

                """
        }
    }
}

extension Models.Import {
    /// `happy,sad`
    struct LabelList: ExpressibleByArgument {
        let values: [String]

        init?(argument: String) {
            values = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard !values.contains(""), Set(values).count == values.count else { return nil }
        }
    }
}
