import JSON

/// Parameters of a request, an input or an output of the Open Inference Protocol: texts, numbers and flags by name.
struct InferenceParameters {
    private let pointer: String
    private var values: [String: JSONValue] = [:]

    init(_ value: JSONElement, at pointer: String) throws(Problem) {
        self.pointer = pointer
        if value.kind == .null { return }
        guard value.kind == .object else { throw .invalid(pointer, "must be an object") }
        try value.forEachMember { name, value throws(Problem) in
            let place = FieldError.pointer(pointer, name)
            guard values.count < 64 else { throw .invalid(pointer, "has more than 64 members") }
            guard values[name] == nil else { throw .invalid(place, "the member comes twice") }
            values[name] =
                switch value.kind {
                case .null: .null
                case .bool: .bool(value.bool)
                case .string: .string(value.string)
                case .number: value.integer.map { .integer($0) } ?? .outOfRange
                case .array, .object: throw .invalid(place, "must be a string, a number, true or false")
                }
        }
    }

    subscript(name: String) -> JSONValue? { values[name].flatMap { $0 == .null ? nil : $0 } }

    func flag(_ name: String) throws(Problem) -> Bool? {
        guard let value = self[name] else { return nil }
        guard case .bool(let flag) = value else { throw .invalid("\(pointer)/\(name)", "must be true or false") }
        return flag
    }

    func count(_ name: String) throws(Problem) -> Int? {
        guard let value = self[name] else { return nil }
        guard case .integer(let number) = value, number >= 0 else {
            throw .invalid("\(pointer)/\(name)", "must be an integer of at least 0")
        }
        return number
    }

    /// What is not known might change what is meant.
    func refuseOthers(than names: [String]) throws(Problem) {
        guard let other = values.keys.sorted().first(where: { !names.contains($0) }) else { return }
        throw .invalid(
            FieldError.pointer(pointer, other), "no such parameter; there are: \(names.joined(separator: ", "))")
    }
}
