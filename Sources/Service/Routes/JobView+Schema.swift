import Emotion
import Jobs

extension JobView {
    static let schema = Schema.object([
        .init("object", .words(["job"])),
        .init("id", .string()),
        .init("status", .words(JobState.allCases.map(\.rawValue), "The last three never change")),
        .init("sweep", sweep, isRequired: false),
        .init("dataset", .string("The id of the data set")),
        .init("model", .string("The model that gets a version")),
        .init("recipe", .string()),
        .init("seed", .integer(0...Int.max)),
        .init("priority", .integer()),
        .init("max_attempts", .integer(1...100)),
        .init("time_limit_s", .number(0...Double.infinity, "Seconds that it may run"), isRequired: false),
        .init("ran_s", .number(0...Double.infinity, "Seconds that its attempts have run")),
        .init(
            "delay_s", .number(0...Double.infinity, "Seconds that it waits, after a failure, before it may run again"),
            isRequired: false),
        .init("checkpoint", checkpoint, isRequired: false),
        .init("checkpoints", .array(of: CheckpointView.schema, "Those that stay, the newest first")),
        .init("hyperparameters", Hyperparameters.schema),
        .init("early_stopping", stopping, isRequired: false),
        .init("attempt", .integer(0...Int.max, "The number of the latest attempt; 0 before the first")),
        .init("attempts", .array(of: attempt)),
        .init("progress", progress, isRequired: false),
        .init(
            "eta_s", .number(0...Double.infinity, "Seconds until the last step at the pace so far"), isRequired: false),
        .init("error", .string("Why it failed"), isRequired: false),
        .init(
            "result",
            .object(
                [], others: .any, "What the training came to; lists have no more of it than figures over all labels"),
            isRequired: false),
        .init("model_version", version, isRequired: false),
        .init("model_versions", .array(of: version, "All that came of it, by promoted checkpoints too")),
        .init("created_at", .time),
        .init("updated_at", .time),
        .init("started_at", .time, isRequired: false),
        .init("finished_at", .time, isRequired: false),
    ]).named("Job")

    private static let sweep = Schema.object(
        [
            .init("id", .string()), .init("cell", .integer(0...Int.max, "Counted from 0")),
            .init("name", .string("Of the cell"), isRequired: false),
        ], "The sweep it belongs to, and its cell")

    private static let version = Schema.object(
        [
            .init("name", .string()), .init("version", .integer(1...Int.max)),
            .init(
                "checkpoint", .integer(0...Int.max, "The step of the checkpoint that it was promoted from"),
                isRequired: false),
        ], "What the job ended with")

    private static let checkpoint = Schema.object([
        .init("every_steps", .integer(1...Int.max), isRequired: false),
        .init("every_seconds", .number(0...Double.infinity)),
        .init("keep", .integer(1...Int.max)),
    ])

    private static let stopping = Schema.object([.init("metric", .string()), .init("patience", .integer())])

    private static let attempt = Schema.object([
        .init("number", .integer(1...Int.max)),
        .init("outcome", .words(["running", "succeeded", "failed", "cancelled", "interrupted"])),
        .init("error", .string("Why it failed or was interrupted"), isRequired: false),
        .init("started_at", .time),
        .init("finished_at", .time, isRequired: false),
    ])

    private static let progress = Schema.object([
        .init("step", .integer(0...Int.max)),
        .init("steps", .integer(0...Int.max)),
        .init("epoch", .integer(0...Int.max)),
        .init("epochs", .integer(0...Int.max)),
        .init("fraction", .number(0...1, "Steps done, of all")),
        .init("clips_per_second", .number(), isRequired: false),
    ])
}
