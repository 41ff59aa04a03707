import JSON

/// Takes the members of an object one by one and collects all that is wrong with them.
///
/// A value that is missing or wrong is noted and replaced by a stand-in, so that all faults of a request are found at
/// once; ``finish()`` throws them, and what was never asked for is a fault as well.
struct JSONMembers {
    private var rest: [String: JSONValue]
    private let pointer: String
    private let known: [String]
    private var errors: [FieldError] = []

    /// - Parameters:
    ///   - known: the names there may be, for the error of a name that is none of them.
    ///   - pointer: where the object lies in its document.
    init(_ value: JSONValue, known: [String], pointer: String = "") throws(Problem) {
        guard case .object(let members) = value else {
            throw .invalid([FieldError(pointer: pointer, detail: "must be an object, not \(value.kind)")])
        }
        rest = members
        self.known = known
        self.pointer = pointer
    }

    /// The whole body of a request.
    init(body: [UInt8], known: [String]) throws(Problem) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.value(body)
        } catch {
            throw .malformedJSON(error)
        }
        try self.init(value, known: known)
    }

    func pointer(to name: String) -> String { FieldError.pointer(pointer, name) }

    func hasError(at name: String) -> Bool {
        errors.contains { $0.pointer == pointer(to: name) }
    }

    mutating func fail(_ name: String, _ detail: String) {
        errors.append(FieldError(pointer: pointer(to: name), detail: detail))
    }

    mutating func fail(_ more: [FieldError]) { errors += more }

    /// The member, if it is there and not null.
    mutating func take(_ name: String) -> JSONValue? {
        guard let value = rest.removeValue(forKey: name), value != .null else { return nil }
        return value
    }

    /// A string that has to be there.
    mutating func string(_ name: String) -> String {
        guard let value = take(name) else {
            fail(name, "is missing")
            return ""
        }
        guard case .string(let text) = value else {
            fail(name, "must be a string, not \(value.kind)")
            return ""
        }
        return text
    }

    mutating func string(_ name: String, default fallback: String) -> String {
        rest[name] == nil || rest[name] == .null ? fallback : string(name)
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        guard let value = take(name) else { return fallback }
        guard case .integer(let number) = value, range.contains(number) else {
            fail(name, "\(value.kind) is not an integer from \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return number
    }

    /// The names of the members of the object at `name`; none when it is no object.
    func names(of name: String) -> [String] {
        if case .object(let members)? = rest[name] { Array(members.keys) } else { [] }
    }

    /// true or false; nil when the member is not there.
    mutating func flag(_ name: String) -> Bool? {
        guard let value = take(name) else { return nil }
        if case .bool(let flag) = value { return flag }
        fail(name, "must be true or false, not \(value.kind)")
        return nil
    }

    /// Strings that are distinct and not empty; nil when the member is not there.
    mutating func names(_ name: String) -> [String]? {
        guard let value = take(name) else { return nil }
        guard case .array(let elements) = value, !elements.isEmpty else {
            fail(name, "must be an array of names, at least one")
            return nil
        }
        var names: [String] = []
        var seen: Set<String> = []
        for (index, element) in elements.enumerated() {
            let place = "\(pointer(to: name))/\(index)"
            switch element {
            case .string(let text) where text.isEmpty || text.count > 200:
                errors.append(FieldError(pointer: place, detail: "a name has 1 to 200 characters"))
            case .string(let text) where !seen.insert(text).inserted:
                errors.append(FieldError(pointer: place, detail: "the name \"\(text)\" comes twice"))
            case .string(let text):
                names.append(text)
            default:
                errors.append(FieldError(pointer: place, detail: "must be a string, not \(element.kind)"))
            }
        }
        return names
    }

    /// What `read` makes of the object at `name`; nil when it is not there or something is wrong with it.
    mutating func object<Value>(
        _ name: String,
        known: [String],
        _ read: (inout JSONMembers) -> Value?
    ) -> Value? {
        guard let value = take(name) else { return nil }
        do throws(Problem) {
            var own = try JSONMembers(value, known: known, pointer: pointer(to: name))
            let result = read(&own)
            try own.finish()
            return result
        } catch {
            fail(error.errors)
            return nil
        }
    }

    /// - Throws: ``Problem`` with everything that was wrong.
    mutating func finish() throws(Problem) {
        for name in rest.keys.sorted() {
            fail(name, "no such member; there are: \(known.joined(separator: ", "))")
        }
        rest = [:]
        guard errors.isEmpty else { throw .invalid(errors) }
    }
}
