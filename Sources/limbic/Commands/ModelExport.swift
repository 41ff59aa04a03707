import ArgumentParser
import Emotion
import Engine
import Foundation

extension Models {
    /// `limbic model export`: weights for the authors' model from a model directory.
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write weights for the authors' model.",
            discussion: """
                Takes models of text, video and audio with classifier=shared. \
                MMERModel(…).load_state_dict(safetensors.torch.load_file("FILE")) reads the file.
                """
        )

        @Option(help: "Model directory.")
        var model: String

        @Option(help: "File for the weights, safetensors; must be new.")
        var out: String

        @Flag(help: "Replace --out if it is there.")
        var force = false

        func run() throws {
            try Failure.reporting {
                try Paths.requireModel(self.model)
                guard force || !FileManager.default.fileExists(atPath: out) else {
                    throw Failure(.usage, "--out \(out): is there already; --force replaces it")
                }
                let model = try ModelDirectory.readValues(self.model)
                try ReferenceWeights.write(model, to: out)
                try StandardOutput.write(
                    """
                    \(out): \(model.parameters.layout.parameters.count) tensors; the file does not tell \
                    heads (\(model.configuration.hyperparameters.heads)) and \
                    labels (\(model.configuration.labels.joined(separator: ",")))

                    """
                )
            }
        }
    }
}
