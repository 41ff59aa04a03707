import ArgumentParser
import Emotion

extension Bench {
    /// `limbic bench json`: decoding the body of a predict request.
    struct JSON: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "json",
            abstract: "Measure decoding of a predict request's body."
        )

        @OptionGroup var shape: BenchShape
        @OptionGroup var report: BenchReport

        func run() throws {
            try Failure.reporting {
                let (batch, steps) = (shape.batch ?? 1, shape.steps ?? 200)
                let body = self.body(clips: batch)
                var limits = ClipDecoder.Limits()
                limits.bytes = max(limits.bytes, body.count)
                limits.clips = max(limits.clips, batch)
                let decoder = ClipDecoder(modalities: shape.modalities, limits: limits)
                let timings = try Timings.measure(steps: steps, warmup: shape.warmup) {
                    let request = try body.withUnsafeBytes { bytes in
                        Result { () throws(ClipError) in try decoder.decodeRequest(bytes) }
                    }.get()
                    for clip in request.clips { _ = try clip.get() }
                }
                try report.print(
                    [
                        ("benchmark", .string("json")), ("batch", .integer(batch)), ("units", .integer(shape.units)),
                        ("features", .array(shape.features.sizes.map(JSONText.integer))), ("steps", .integer(steps)),
                        ("warmup", .integer(shape.warmup)), ("threads", .integer(1)),
                        ("body_bytes", .integer(body.count)),
                        ("bytes_per_second", .number(Double(body.count * steps) / timings.total)),
                        ("clips_per_second", .number(Double(batch * steps) / timings.total)),
                    ] + timings.report + [ProcessMemory.report]
                )
            }
        }

        /// `{"clips": […]}` with numbers as long as clients in languages with 64-bit floats write them.
        private func body(clips: Int) -> [UInt8] {
            var generator = CounterGenerator(shape.seed)
            let values = (0..<clips).map { clip in
                let units = shape.modalities.map { modality in
                    let rows = (0..<shape.units).map { _ in
                        JSONText.array((0..<modality.featureSize).map { _ in .number(generator.uniform() * 2 - 1) })
                    }
                    return (modality.name, JSONText.array(rows))
                }
                return JSONText.object([("id", .string("clip_\(clip)"))] + units)
            }
            return Array(JSONText.object([("clips", .array(values))]).text.utf8)
        }
    }
}
