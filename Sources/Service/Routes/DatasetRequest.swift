import Emotion
import JSON

/// The body of `POST /v1/datasets`.
enum DatasetRequest {
    private static let nameField = Field.string(
        "name", length: 1...200, pattern: .noControls, example: "words", "What people call it")
    private static let labelsField = Field<[String]?>.names(
        "labels", count: 1...SplitOptions.maximumLabels,
        .string(length: 1...SplitOptions.maximumLabelCharacters, pattern: .noControls),
        "The emotions, in the order of the arrays; the splits tell how many when they are not declared")
    private static let replaceField = Field<Bool>.flag(
        "replace_nonfinite", default: false, "Whether features that are not finite are read as 0 instead of refused")
    /// The most modalities of a data set: an archive has no more arrays.
    private static let modalityLimit = 256
    private static let modalitiesField = Field<JSONValue?>.optionalValue(
        "modalities",
        .choice(
            [
                .dictionary(of: .integer(Modality.featureSizes), names: .modalityName, count: 1...modalityLimit),
                .array(of: .modality, count: 1...modalityLimit),
            ],
            "The features of a unit by modality: {\"text\": 300} or, as answers have it, a list; a split may lack what is "
                + "declared"
        )
    )

    static let schema = Schema.object([
        nameField.member, modalitiesField.member, labelsField.member, replaceField.member,
    ]).named("DatasetRequest")

    /// - Parameter values: that ``schema`` has passed.
    static func read(_ values: Values) throws(Problem) -> (name: String, document: DatasetDocument) {
        var document = DatasetDocument()
        document.labels = values[labelsField]
        document.modalities = try values[modalitiesField].map { (value) throws(Problem) in try modalities(value) }
        document.replacesNonfinite = values[replaceField]
        return (values[nameField], document)
    }

    private static func modalities(_ value: JSONValue) throws(Problem) -> [Modality] {
        let members = value.members.sorted { $0.key < $1.key }.map {
            ($0.key, $0.value, FieldError.pointer("", $0.key))
        }
        let elements = value.elements.enumerated().map { index, element in
            (element.members["name"]?.text ?? "", element.members["feature_size"] ?? .null, "/\(index)")
        }
        var modalities: [Modality] = []
        var names: Set<String> = []
        var errors = FieldErrors()
        for (name, size, pointer) in members + elements {
            if let fault = Modality.fault(inName: name) {
                errors.add("/modalities\(pointer)", fault)
            } else if !names.insert(name).inserted {
                errors.add("/modalities\(pointer)", "the name \(name.quoted) comes twice")
            }
            modalities.append(Modality(name: name, featureSize: size.exactInteger ?? 1))
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return modalities
    }
}
