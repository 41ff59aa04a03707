import ArgumentParser
import Emotion
import Foundation

extension Dataset {
    /// `limbic dataset inspect`: what a data set holds and what is wrong with it.
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show shapes, lengths, label counts, missing modalities and problems.",
            discussion: "Exit code 65 when there is a problem. A directory's splits must have labels, a file need not."
        )

        @Argument(help: "Directory with train, valid and test, or one file, npz or newline-delimited JSON.")
        var path: String

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            try Failure.reporting {
                try Paths.requireReadable(path)
                let inspection = Paths.isDirectory(path) ? try directory() : file()
                try StandardOutput.write(json ? try inspection.json() : inspection.text)
                if let error = inspection.error { throw error }
            }
        }

        private func directory() throws -> DatasetInspection {
            let dataset: DatasetDirectory
            do {
                dataset = try DatasetDirectory(path: path)
            } catch {
                // Splits that do not fit together are looked at one by one all the same.
                return try disagreeing(error)
            }
            var inspection = DatasetInspection(name: dataset.name, labels: dataset.labels)
            for split in dataset.splits {
                inspection.splits.append(.init(name: split.rawValue, report: try dataset.inspect(split)))
            }
            return inspection
        }

        private func disagreeing(_ error: DatasetError) throws -> DatasetInspection {
            var inspection = DatasetInspection(name: (path as NSString).lastPathComponent)
            inspection.fault = error
            for split in DatasetDirectory.Split.allCases {
                for name in ["\(split.rawValue).npz", "\(split.rawValue).ndjson"] {
                    let file = "\(path)/\(name)"
                    guard FileManager.default.fileExists(atPath: file) else { continue }
                    inspection.splits.append(.init(name: split.rawValue, report: SplitReader.inspect(path: file)))
                }
            }
            return inspection
        }

        private func file() -> DatasetInspection {
            var options = SplitOptions()
            options.requiresLabels = false
            let name = (path as NSString).lastPathComponent
            var inspection = DatasetInspection(name: name)
            inspection.splits = [.init(name: name, report: SplitReader.inspect(path: path, options: options))]
            return inspection
        }
    }
}
