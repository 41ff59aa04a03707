import JSON

/// The JSON of a request of the Open Inference Protocol, version 2, with the binary tensor extension.
struct InferenceDocument {
    /// A tensor as it was sent.
    struct Input {
        enum Content {
            /// `"data": null`
            case missing
            case numbers([Float])
            case integers([Int])
            /// So many bytes after the document.
            case binary(Int)
        }

        let name: String
        let shape: [Int]
        /// `FP32` or `INT32`.
        let datatype: String
        let content: Content
    }

    private(set) var id: String?
    private(set) var inputs: [Input] = []
    /// Whether the probabilities are wanted as bytes after the document.
    private(set) var isBinaryWanted = false
    /// How long the client waits; nil for as long as it takes.
    private(set) var timeout: Duration?
    /// From 0, the first, to 7; nil where it does not say.
    private(set) var urgency: Int?
    /// The model and version that it says it is for; nil where it does not.
    private(set) var model: (name: String?, version: String?)

    static let output = "probabilities"
    private static let members = ["id", "inputs", "model_name", "model_version", "outputs", "parameters"]
    private static let inputMembers = ["data", "datatype", "name", "parameters", "shape"]

    /// - Parameter nonfinite: whether JSON's null stands for NaN, and numbers beyond float32 may come.
    init(_ root: JSONElement, nonfinite: Bool) throws(Problem) {
        var outputs: JSONElement?
        var hasInputs = false
        for (name, value) in try Self.members(of: root, at: "", Self.members) {
            switch name {
            case "id": id = try Self.text(value, at: "/id")
            case "model_name": model.name = try Self.text(value, at: "/model_name")
            case "model_version": model.version = try Self.text(value, at: "/model_version")
            case "inputs":
                hasInputs = true
                try Self.forEachElement(of: value, at: "/inputs", limit: 512) { input, pointer throws(Problem) in
                    inputs.append(try Self.input(input, at: pointer, nonfinite: nonfinite))
                }
            case "outputs": outputs = value
            default: try read(parameters: InferenceParameters(value, at: "/parameters"))
            }
        }
        guard hasInputs else { throw .invalid("/inputs", "is missing") }
        // After the parameters, wherever these are: what an output says of itself counts more.
        if let outputs { try read(outputs: outputs) }
    }

    private mutating func read(parameters: InferenceParameters) throws(Problem) {
        isBinaryWanted = try parameters.flag("binary_data_output") ?? false
        // In microseconds; 0, as nothing, is none.
        if let microseconds = try parameters.count("timeout"), microseconds > 0 {
            timeout = .microseconds(microseconds)
        }
        // 1 comes first, and 0 is what is usual.
        if let priority = try parameters.count("priority"), priority > 0 { urgency = min(priority - 1, 7) }
        if let sequence = parameters["sequence_id"], sequence != .integer(0), sequence != "" {
            throw .invalid(
                "/parameters/sequence_id", "there are no sequences: the answer to a clip depends on it alone")
        }
        try parameters.refuseOthers(
            than: [
                "binary_data_output", "priority", "sequence_end", "sequence_id", "sequence_start", "timeout",
            ])
    }

    private mutating func read(outputs: JSONElement) throws(Problem) {
        if outputs.kind == .null { return }
        var seen = false
        var isBinary = isBinaryWanted
        try Self.forEachElement(of: outputs, at: "/outputs", limit: 64) { output, pointer throws(Problem) in
            for (name, value) in try Self.members(of: output, at: pointer, ["name", "parameters"], required: ["name"]) {
                if name == "name" {
                    let name = try Self.text(value, at: "\(pointer)/name") ?? ""
                    guard name == Self.output, !seen else {
                        let reason =
                            seen && name == Self.output ? "comes twice" : "no such output; there is: \(Self.output)"
                        throw .invalid("\(pointer)/name", reason)
                    }
                    seen = true
                } else {
                    let parameters = try InferenceParameters(value, at: "\(pointer)/parameters")
                    isBinary = try parameters.flag("binary_data") ?? isBinary
                    try parameters.refuseOthers(than: ["binary_data"])
                }
            }
        }
        isBinaryWanted = isBinary
    }

    private static func input(_ value: JSONElement, at pointer: String, nonfinite: Bool) throws(Problem) -> Input {
        let members = try members(of: value, at: pointer, inputMembers, required: ["name", "shape", "datatype"])
        var (name, datatype, shape) = ("", "", [Int]())
        var data: JSONElement?
        var binary: Int?
        for (member, value) in members {
            switch member {
            case "name": name = try text(value, at: "\(pointer)/name") ?? ""
            case "datatype": datatype = try text(value, at: "\(pointer)/datatype") ?? ""
            case "shape": shape = try self.shape(value, at: "\(pointer)/shape")
            case "data": data = value
            default:
                let parameters = try InferenceParameters(value, at: "\(pointer)/parameters")
                binary = try parameters.count("binary_data_size")
                try parameters.refuseOthers(than: ["binary_data_size"])
            }
        }
        let content: Input.Content
        switch (data, binary) {
        case (let data?, nil) where data.kind == .null: content = .missing
        case (let data?, nil):
            let reader = InferenceData(shape: shape, pointer: "\(pointer)/data", nonfinite: nonfinite)
            content =
                datatype == "INT32" ? .integers(try reader.integers(data)) : .numbers(try reader.numbers(data))
        case (nil, let count?): content = .binary(count)
        case (nil, nil): throw .invalid(pointer, "has neither data nor the parameter binary_data_size")
        case (.some, .some): throw .invalid(pointer, "has both data and the parameter binary_data_size")
        }
        return Input(name: name, shape: shape, datatype: datatype, content: content)
    }
}

// MARK: - Values

extension InferenceDocument {
    /// The members of an object, once each.
    fileprivate static func members(
        of value: JSONElement, at pointer: String, _ names: [String], required: [String] = []
    ) throws(Problem) -> [(String, JSONElement)] {
        guard value.kind == .object else { throw .invalid(pointer, "must be an object") }
        var members: [(String, JSONElement)] = []
        try value.forEachMember { name, member throws(Problem) in
            let place = FieldError.pointer(pointer, name)
            guard names.contains(name) else {
                throw .invalid(place, "no such member; there are: \(names.joined(separator: ", "))")
            }
            guard !members.contains(where: { $0.0 == name }) else { throw .invalid(place, "the member comes twice") }
            members.append((name, member))
        }
        if let missing = required.first(where: { name in !members.contains { $0.0 == name } }) {
            throw .invalid("\(pointer)/\(missing)", "is missing")
        }
        return members
    }

    fileprivate static func forEachElement(
        of value: JSONElement, at pointer: String, limit: Int,
        _ body: (JSONElement, String) throws(Problem) -> Void
    ) throws(Problem) {
        guard value.kind == .array else { throw .invalid(pointer, "must be an array") }
        guard value.elementCount <= limit else {
            throw .invalid(pointer, "\(value.elementCount) elements, at most \(limit)")
        }
        var index = 0
        try value.forEachElement { element throws(Problem) in
            try body(element, "\(pointer)/\(index)")
            index += 1
        }
    }

    /// nil for null.
    fileprivate static func text(_ value: JSONElement, at pointer: String) throws(Problem) -> String? {
        switch value.kind {
        case .string: return value.string
        case .null: return nil
        default: throw .invalid(pointer, "must be a string")
        }
    }

    /// Dimensions whose product can be told.
    fileprivate static func shape(_ value: JSONElement, at pointer: String) throws(Problem) -> [Int] {
        var shape: [Int] = []
        var count = 4
        try forEachElement(of: value, at: pointer, limit: 8) { element, place throws(Problem) in
            guard element.kind == .number, let size = element.integer, size >= 0 else {
                throw .invalid(place, "must be an integer of at least 0")
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
            guard !overflow else { throw .invalid(pointer, "is of a tensor too large to address") }
            count = product
            shape.append(size)
        }
        return shape
    }
}
