import ArgumentParser
import Emotion
import Foundation

extension Dataset {
    /// `limbic dataset inspect`: what a data set holds and what is wrong with it.
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show shapes, lengths, label counts, missing modalities, warnings and problems.",
            discussion: """
                Exit code 65 when there is a problem: of a directory, when a training on it would not start. A directory's \
                splits must have labels, a file need not. With warnings alone the code is 0.
                """
        )

        @Argument(
            help:
                "Directory with train, valid and test, or one file, npz or newline-delimited JSON, or - for standard input."
        )
        var path: String

        @Flag(help: "Read features that are not finite as 0, as training does with replace_nonfinite.")
        var replaceNonfinite = false

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            try Failure.reporting {
                if path != "-" { try Paths.requireReadable(path) }
                let inspection = path != "-" && Paths.isDirectory(path) ? try directory() : try file()
                try StandardOutput.write(json ? try inspection.json() : inspection.text)
                if let error = inspection.error { throw error }
            }
        }

        private var options: SplitOptions {
            var options = SplitOptions()
            options.replaceNonfinite = replaceNonfinite
            return options
        }

        private func directory() throws -> DatasetInspection {
            let dataset: DatasetDirectory
            do {
                dataset = try DatasetDirectory(path: path, options: options)
            } catch {
                // Splits that do not fit together are looked at one by one all the same.
                return disagreeing(error)
            }
            var inspection = DatasetInspection(name: dataset.name, labels: dataset.labels)
            inspection.problems = dataset.missing
            for split in dataset.splits { inspection.add(split.rawValue, try dataset.examine(split)) }
            return inspection
        }

        private func disagreeing(_ error: DatasetError) -> DatasetInspection {
            var inspection = DatasetInspection(name: (path as NSString).lastPathComponent)
            inspection.fault = error
            for (split, file) in DatasetDirectory.files(in: path) {
                inspection.add(split.rawValue, SplitReader.examine(path: file, options: options))
            }
            return inspection
        }

        private func file() throws -> DatasetInspection {
            var options = options
            options.requiresLabels = false
            let name = path == "-" ? "standard input" : (path as NSString).lastPathComponent
            var inspection = DatasetInspection(name: name)
            try StandardInput.withFile(path) {
                inspection.add(name, SplitReader.examine(path: $0, options: options))
            }
            return inspection
        }
    }
}
