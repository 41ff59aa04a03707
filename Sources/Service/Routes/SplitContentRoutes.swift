import Emotion
import HTTP
import HTTPTypes
import Jobs
import Logging

/// What lies in a split, to be looked at: some of its clips, and counts over all of them.
struct SplitContentRoutes: Sendable {
    let backend: Backend

    private static let first = Field.integer("first", 0...Int.max, default: 0, "The first clip, counted from 0")
    private static let count = Field.integer("count", 1...100, default: 1, "The most clips")
    /// Features after which an answer has no further clip.
    private static let valueLimit = 1 << 20

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
                failures: [.conflict, .serviceUnavailable],
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
        .encoding(SplitCounts(of: try await open(request)))
    }

    @Sendable private func clips(_ request: Request) async throws -> Response {
        let clips = try await open(request)
        let first = min(request[Self.first], clips.count)
        let most = min(request[Self.count], clips.count - first)
        let modalities = clips.modalities.sorted { $0.key < $1.key }
        var writer = JSONWriter()
        var written = 0
        writer.object {
            $0.member("data") {
                $0.array {
                    var values = 0
                    while written < most, values < Self.valueLimit {
                        let clip = first + written
                        Self.write(clip, of: clips, modalities, to: &$0)
                        values += modalities.reduce(0) { $0 + $1.value.lengths[clip] * $1.value.featureSize }
                        written += 1
                    }
                }
            }
            $0.member("has_more") { $0.value(first + written < clips.count) }
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

    private func open(_ request: Request) async throws -> Clips {
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
        do throws(DatasetError) { return try PackedSplit(path: backend.directory.path(split.path)).clips } catch {
            backend.logger.error("a split cannot be read", metadata: ["split": "\(split.path)", "error": "\(error)"])
            throw Problem.unavailable(code: "split_unreadable", "the split cannot be read any more")
        }
    }
}
