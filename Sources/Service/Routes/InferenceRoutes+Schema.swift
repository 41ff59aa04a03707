import JSON

extension InferenceRoutes {
    static let serverMetadata: [UInt8] = {
        var writer = JSONWriter()
        writer.object {
            $0.member("extensions") {
                $0.array {
                    for name in ["binary_tensor_data", "model_repository", "schedule_policy"] { $0.value(name) }
                }
            }
            $0.member("name") { $0.value("limbic") }
            $0.member("version") { $0.value("1.0.0") }
        }
        return writer.bytes
    }()

    static let serverSchema = Schema.object([
        .init("name", .string()), .init("version", .string()), .init("extensions", .array(of: .string())),
    ])

    private static let shape = Schema.array(of: .integer(-1...Int.max), "-1 for what is for each request to say")

    static let metadataSchema = Schema.object([
        .init("name", .string()),
        .init("versions", .array(of: .string())),
        .init("platform", .string()),
        .init(
            "inputs",
            .array(
                of: .object([.init("name", .string()), .init("datatype", datatype), .init("shape", shape)]),
                "Every input may be left out: a clip may lack a modality")),
        .init(
            "outputs",
            .array(
                of: .object([
                    .init("name", .string()), .init("datatype", datatype), .init("shape", shape),
                    .init("parameters", .object([.init("labels", .array(of: .string()))]), isRequired: false),
                ]))),
    ]).named("InferenceModel")

    private static let datatype = Schema.words(["FP32", "INT32"])
    private static let size = Schema.array(of: .integer(0...Int.max))

    static let requestSchema = Schema.object([
        .init("id", Schema.string("Given back").orNull, isRequired: false),
        .init(
            "inputs",
            .array(
                of: .object([
                    .init("name", .string("A modality, or a modality and _length")),
                    .init("datatype", datatype),
                    .init("shape", size),
                    .init(
                        "data",
                        Schema(
                            .array(of: .any, count: 0...Int.max, isUnique: false),
                            "Numbers, row-major, or arrays of them as the shape says; null where the modality is missing"
                        ).orNull, isRequired: false),
                    .init(
                        "parameters",
                        .object([.init("binary_data_size", .integer(0...Int.max), isRequired: false)]),
                        isRequired: false),
                ]), count: 1...512,
                "FP32 [B, L, D] for a modality, INT32 [B] for the units of its clips, 0 where it is missing")
        ),
        .init(
            "outputs",
            .array(
                of: .object([
                    .init("name", .words([InferenceDocument.output])),
                    .init(
                        "parameters", .object([.init("binary_data", .boolean, isRequired: false)]),
                        isRequired: false),
                ]), count: 0...1), isRequired: false),
        .init(
            "parameters",
            .object([
                .init("binary_data_output", .boolean, isRequired: false),
                .init("timeout", .integer(0...Int.max, "In microseconds, 0 for none; then 504"), isRequired: false),
                .init("priority", .integer(0...Int.max, "1 comes first; 0 is what is usual"), isRequired: false),
            ]), isRequired: false),
    ]).named("InferenceRequest")

    static let responseSchema = Schema.object([
        .init("id", .string(), isRequired: false),
        .init("model_name", .string()),
        .init("model_version", .string()),
        .init(
            "outputs",
            .array(
                of: .object([
                    .init("name", .string()), .init("datatype", datatype), .init("shape", size),
                    .init("data", .array(of: .number(0...1)), isRequired: false),
                    .init("parameters", .object([.init("binary_data_size", .integer())]), isRequired: false),
                ]))),
    ]).named("InferenceResponse")
}
