import Emotion
import HTTP
import HTTPTypes

extension DatasetRoutes {
    private static let id = Field.string("id", "The id of a data set")

    var operations: [Operation] {
        [
            Operation(
                id: "createDataset", method: .post, pattern: "/v1/datasets", tag: "data sets", scope: .train,
                summary: "Make a data set, which gets its splits afterwards",
                body: .json(DatasetRequest.schema, limit: 1 << 20),
                answers: [
                    .init(
                        status: .created, summary: "The data set, without splits", content: .json(DatasetView.schema),
                        fields: [.location: "Where the data set is"])
                ],
                failures: [.insufficientStorage, .serviceUnavailable],
                handler: .task(create)
            ),
            Operation(
                id: "listDatasets", method: .get, pattern: "/v1/datasets", tag: "data sets", scope: .train,
                summary: "List data sets, the newest first",
                query: [Paging.after.member, Paging.limit.member],
                answers: [.init(summary: "A page of data sets", content: .json(Paging.schema(of: DatasetView.schema)))],
                failures: [.serviceUnavailable],
                handler: .task(list)
            ),
            Operation(
                id: "getDataset", method: .get, pattern: "/v1/datasets/{id}", tag: "data sets", scope: .train,
                summary: "Show what a data set holds",
                path: [Self.id.member],
                answers: [.init(summary: "The data set", content: .json(DatasetView.schema))],
                failures: [.serviceUnavailable],
                handler: .task(get)
            ),
            Operation(
                id: "deleteDataset", method: .delete, pattern: "/v1/datasets/{id}", tag: "data sets", scope: .train,
                summary: "Delete a data set that no job uses",
                path: [Self.id.member],
                answers: [.init(status: .noContent, summary: "It is gone")],
                failures: [.conflict, .insufficientStorage, .serviceUnavailable],
                handler: .task(delete)
            ),
        ]
    }
}

extension SplitUpload {
    static let replaceNonfinite = Field<Bool?>.optionalFlag(
        "replace_nonfinite", "Whether features that are not finite are read as 0 instead of refused")

    var operation: Operation {
        Operation(
            id: "putSplit", method: .put, pattern: "/v1/datasets/{id}/splits/{split}", tag: "data sets", scope: .train,
            summary: "Give a data set a split, or another one in its place: an npz archive or lines of JSON",
            path: [
                Field.string("id", "The id of a data set").member,
                .init("split", .words(DatasetDirectory.Split.allCases.map(\.rawValue), "What the split is for")),
            ],
            query: [Self.replaceNonfinite.member],
            header: [ContentDigest.field.member],
            body: .file(types: UploadFormat.mediaTypes, limit: backend.configuration.maxUploadSize),
            answers: [
                .init(status: .created, summary: "It has the split", content: .json(DatasetView.schema)),
                .init(summary: "It has the split in place of another", content: .json(DatasetView.schema)),
            ],
            failures: [.conflict, .unprocessableContent, .insufficientStorage, .serviceUnavailable],
            handler: .task(put)
        )
    }
}

extension DatasetView {
    static let schema = Schema.object([
        .init("object", .words(["dataset"])),
        .init("id", .string()),
        .init("name", .string()),
        .init("status", .words(["empty", "incomplete", "ready"], "Whether a job can use it")),
        .init("immutable", Schema(.boolean, "Whether a job uses it, so that its splits cannot change any more")),
        .init("created_at", .time),
        .init("modalities", .array(of: .modality), isRequired: false),
        .init("labels", .array(of: .string()), isRequired: false),
        .init("replace_nonfinite", Schema(.boolean, "Whether features that are not finite are read as 0")),
        .init("splits", .dictionary(of: split, "By their names")),
    ]).named("Dataset")

    private static let split = Schema.object([
        .init("digest", .string("SHA-256 of the file that was uploaded")),
        .init(
            "content_digest",
            .string("A digest over the clips, the same for the same clips in npz and in lines of JSON"),
            isRequired: false),
        .init("bytes", .integer(0...Int.max)),
        .init("report", .object([], others: .any, "What was found in the file")),
    ])
}

extension Schema {
    /// As modalities are shown.
    static let modality = Schema.object([
        .init("name", .string(pattern: .modalityName)), .init("feature_size", .integer(Modality.featureSizes)),
    ]).named("Modality")
}

extension Schema.Pattern {
    /// Names of modalities, of which a few have a meaning of their own and are refused (`Modality.fault(inName:)`).
    static let modalityName = Self("^[A-Za-z0-9_-]{1,64}$", rule: "have 1 to 64 letters, digits, '_' and '-'")
}
