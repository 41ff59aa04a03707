import ArgumentParser
import Emotion

extension Dataset {
    /// `limbic dataset clips`: some clips of a split as the body of a request for predictions.
    struct Take: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "clips",
            abstract: "Print some clips of a split as JSON, the body of a predict request.",
            discussion: "Feeds `curl --json @-` or `limbic predict --data -`. Labels are left out."
        )

        @Argument(help: "A split, npz or newline-delimited JSON, or - for standard input.")
        var path: String

        @Option(help: "How many clips.")
        var count = 1

        @Option(help: "The first clip, counted from 0.")
        var first = 0

        func validate() throws {
            guard count > 0 else { throw ValidationError("--count: \(count) is not positive") }
            guard first >= 0 else { throw ValidationError("--first: \(first) is negative") }
        }

        func run() throws {
            try Failure.reporting {
                if path != "-" { try Paths.requireFile(path) }
                var options = SplitOptions()
                options.requiresLabels = false
                options.ignoresLabels = true
                let clips = try StandardInput.withFile(path) { try SplitReader.read(path: $0, options: options).clips }
                guard first < clips.count else {
                    throw Failure(.usage, "--first: \(path) holds \(clips.count) clips, numbered from 0")
                }
                let chosen = first..<min(clips.count, first + count)
                let body = JSONText.object([("clips", .array(chosen.map { clip($0, of: clips) }))])
                try StandardOutput.write(body.text + "\n")
            }
        }

        private func clip(_ index: Int, of clips: Clips) -> JSONText {
            var members = [("id", JSONText.string(clips.ids?[index] ?? "clip \(index)"))]
            for (name, sequences) in clips.modalities.sorted(by: { $0.key < $1.key }) {
                let size = sequences.featureSize
                let units = (sequences.offsets[index]..<sequences.offsets[index + 1]).map { row in
                    JSONText.array(sequences.values[row * size..<(row + 1) * size].map(JSONText.float))
                }
                members.append((name, units.isEmpty ? .null : .array(units)))
            }
            return .object(members)
        }
    }
}
