import Emotion
import JSON

/// The body of `POST /v1/datasets`.
enum DatasetRequest {
    static func read(_ body: [UInt8]) throws(Problem) -> (name: String, document: DatasetDocument) {
        var members = try JSONMembers(body: body, known: ["name", "modalities", "labels", "replace_nonfinite"])
        let name = members.string("name")
        if !members.hasError(at: "name"), !isValid(name: name) {
            members.fail("name", "must have 1 to 200 characters and no control characters")
        }
        var document = DatasetDocument()
        document.labels = labels(&members)
        document.modalities = modalities(&members)
        document.replacesNonfinite = members.flag("replace_nonfinite")
        try members.finish()
        return (name, document)
    }

    private static func isValid(name: String) -> Bool {
        (1...200).contains(name.count) && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    private static func labels(_ members: inout JSONMembers) -> [String]? {
        guard let labels = members.names("labels") else { return nil }
        if !labels.isEmpty, let fault = SplitOptions.fault(inLabels: labels) { members.fail("labels", fault) }
        return labels
    }

    /// The most modalities of a data set: an archive has no more arrays.
    private static let modalityLimit = 256

    /// `{"text": 300}` or, as answers have it, `[{"name": "text", "feature_size": 300}]`.
    private static func modalities(_ members: inout JSONMembers) -> [Modality]? {
        let pointer = members.pointer(to: "modalities")
        var sizes: [(name: String, size: JSONValue, pointer: String)] = []
        switch members.take("modalities") {
        case nil: return nil
        case .object(let object)? where !object.isEmpty:
            sizes = object.sorted { $0.key < $1.key }.map { ($0.key, $0.value, FieldError.pointer(pointer, $0.key)) }
        case .array(let array)? where !array.isEmpty:
            for (index, element) in array.enumerated() {
                guard case .object(let object) = element, case .string(let name)? = object["name"],
                    let size = object["feature_size"], object.count == 2
                else {
                    members.fail("modalities/\(index)", "must have the members name and feature_size")
                    continue
                }
                sizes.append((name, size, "\(pointer)/\(index)"))
            }
        default:
            members.fail("modalities", "must be an object of names and feature sizes, at least one")
        }
        guard sizes.count <= modalityLimit else {
            members.fail("modalities", "are \(sizes.count), at most \(modalityLimit)")
            return nil
        }
        var modalities: [Modality] = []
        for (name, size, pointer) in sizes {
            if let fault = Modality.fault(inName: name) {
                members.fail([FieldError(pointer: pointer, detail: fault)])
            } else if modalities.contains(where: { $0.name == name }) {
                members.fail([FieldError(pointer: pointer, detail: "the name \"\(name)\" comes twice")])
            } else if case .integer(let size) = size, Modality.featureSizes.contains(size) {
                modalities.append(Modality(name: name, featureSize: size))
            } else {
                let largest = Modality.featureSizes.upperBound
                let detail = "\(size.kind) is not a feature size, an integer from 1 to \(largest)"
                members.fail([FieldError(pointer: pointer, detail: detail)])
            }
        }
        return modalities
    }
}
