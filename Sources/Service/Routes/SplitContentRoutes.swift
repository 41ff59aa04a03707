import Emotion
import HTTP
import HTTPTypes
import Jobs
import Logging
import Platform

/// What lies in a split, to be looked at: some of its clips, and counts over all of them.
struct SplitContentRoutes: Sendable {
    let backend: Backend

    private static let first = Field.integer("first", 0...Int.max, default: 0, "The first clip, counted from 0")
    private static let count = Field.integer("count", 1...100, default: 1, "The most clips")
    /// The most features of an answer.
    private static let valueLimit = 1 << 20
    /// Where splits are read: one at a time, so that nothing else waits for a large one.
    private let queue = WorkQueue("limbic.splits")

    init(backend: Backend) { self.backend = backend }

    private static let path = [
        Field.string("id", "The id of a data set").member,
        .init("split", .words(DatasetDirectory.Split.allCases.map(\.rawValue), "What the split is for")),
    ]

    var operations: [Operation] {
        [
            Operation(
                id: "listClips", method: .get, pattern: "/v1/datasets/{id}/splits/{split}/clips", tag: "data sets",
                scope: .train,
                summary: "Show clips of a split as a request for predictions has them, with their labels",
                path: Self.path,
                query: [Self.first.member, Self.count.member],
                answers: [.init(summary: "So many of them as fit", content: .json(Self.clipsSchema))],
                failures: [.conflict, .unprocessableContent, .serviceUnavailable],
                handler: .task(clips)
            ),
            Operation(
                id: "getSplitCounts", method: .get, pattern: "/v1/datasets/{id}/splits/{split}/counts",
                tag: "data sets", scope: .train,
                summary: "Count how long the clips of a split are and which labels come together",
                path: Self.path,
                answers: [.init(summary: "The counts", content: .json(Self.countsSchema))],
                failures: [.conflict, .serviceUnavailable],
                handler: .task(counts)
            ),
        ]
    }

    private static let clipsSchema = Schema.object([
        .init("object", .words(["list"])),
        .init(
            "data",
            .array(
                of: .object(
                    [
                        .init("id", .string(), isRequired: false),
                        .init("labels", .array(of: .integer(0...1)), isRequired: false),
                    ], others: .any, "The units of each modality under its name, null where the clip lacks it"))),
        .init("total", .integer(0...Int.max, "Clips of the split")),
        .init("has_more", .boolean),
    ]).named("ClipList")

    private static let countsSchema = Schema.object([
        .init("clips", .integer(0...Int.max)),
        .init(
            "lengths",
            .array(
                of: .object([
                    .init("name", .string("Of the modality")),
                    .init("width", .integer(1...Int.max, "Lengths that are counted together")),
                    .init("counts", .array(of: .integer(0...Int.max), "Clips by their units, from 0 on")),
                ]))),
        .init(
            "pairs",
            .array(
                of: .array(of: .integer(0...Int.max)), "Clips that have two labels, on the diagonal those with the one"),
            isRequired: false),
    ]).named("SplitCounts")

    @Sendable private func counts(_ request: Request) async throws -> Response {
        try await read(request) { .encoding(SplitCounts(of: $0)) }
    }

    @Sendable private func clips(_ request: Request) async throws -> Response {
        let (first, count) = (request[Self.first], request[Self.count])
        return try await read(request) { clips throws(Problem) in
            try Self.list(clips, from: min(first, clips.count), most: count)
        }
    }

    private static func list(_ clips: Clips, from first: Int, most: Int) throws(Problem) -> Response {
        let modalities = clips.modalities.sorted { $0.key < $1.key }
        func size(_ clip: Int) -> Int {
            modalities.reduce(0) { $0 + $1.value.lengths[clip] * $1.value.featureSize }
        }
        var (end, values) = (first, 0)
        while end < clips.count, end - first < most, values + size(end) <= valueLimit {
            values += size(end)
            end += 1
        }
        guard end > first || first == clips.count else {
            throw Problem(
                .unprocessableContent, code: "clip_too_large",
                detail: "clip \(first) has \(size(first)) features, more than the \(valueLimit) of an answer")
        }
        var writer = JSONWriter()
        writer.object {
            $0.member("data") {
                $0.array { for clip in first..<end { write(clip, of: clips, modalities, to: &$0) } }
            }
            $0.member("has_more") { $0.value(end < clips.count) }
            $0.member("object") { $0.value("list") }
            $0.member("total") { $0.value(clips.count) }
        }
        return .json(writer.bytes)
    }

    private static func write(
        _ clip: Int, of clips: Clips, _ modalities: [(key: String, value: Sequences)], to writer: inout JSONWriter
    ) {
        writer.object {
            if let ids = clips.ids { $0.member("id") { $0.value(ids[clip]) } }
            if let labels = clips.labels {
                let range = clip * clips.labelCount..<(clip + 1) * clips.labelCount
                $0.member("labels") { $0.array { for label in labels[range] { $0.value(label > 0.5 ? 1 : 0) } } }
            }
            for (name, sequences) in modalities {
                $0.member(name) {
                    guard sequences.lengths[clip] > 0 else { return $0.raw("null".utf8) }
                    $0.array {
                        for unit in sequences.offsets[clip]..<sequences.offsets[clip + 1] {
                            let row = unit * sequences.featureSize..<(unit + 1) * sequences.featureSize
                            $0.array { write(sequences.values[row], to: &$0) }
                        }
                    }
                }
            }
        }
    }

    /// The rows of a file are not compared with their digest here, so that any bytes may be in them.
    private static func write(_ values: some Sequence<Float>, to writer: inout JSONWriter) {
        for value in values { if value.isFinite { writer.value(value) } else { writer.raw("null".utf8) } }
    }

    private func read(
        _ request: Request, _ answer: @escaping @Sendable (Clips) throws(Problem) -> Response
    ) async throws -> Response {
        let (id, name) = (request.parameters.require("id"), request.parameters.require("split"))
        guard let dataset = try await backend.datasets.get(id) else { throw DatasetStoreError.notFound(id: id) }
        guard let split = dataset.splits.first(where: { $0.name == name }) else {
            throw Problem.notFound("split \(name.quoted) of the data set")
        }
        guard try split.contents.contentDigest != nil else {
            throw Problem(
                .conflict, code: "old_split",
                detail: "it was uploaded to an earlier version of the service; upload it once more")
        }
        return try await queue.run { [backend] in
            let clips: Clips
            do throws(DatasetError) { clips = try PackedSplit(path: backend.directory.path(split.path)).clips } catch {
                backend.logger.error(
                    "a split cannot be read", metadata: ["split": "\(split.path)", "error": "\(error)"])
                throw Problem.unavailable(code: "split_unreadable", "the split cannot be read any more")
            }
            return try answer(clips)
        }
    }
}
