import JSON

extension Schema {
    /// Notes all that keeps `value` from being one of these.
    ///
    /// - Parameter pointer: where the value lies in its document.
    func check(_ value: JSONValue, at pointer: String, _ errors: inout FieldErrors) {
        if isNullable, value == .null { return }
        switch (kind, value) {
        case (.component(_, let schema), _): schema.check(value, at: pointer, &errors)
        case (.any, _), (.boolean, .bool): break
        case (.integer(let range), _) where value.exactInteger.map(range.contains) ?? false: break
        case (.number(let range), _) where value.finite.map(range.contains) ?? false: break
        case (.string(let rules), .string(let text)): rules.check(text, at: pointer, &errors)
        case (.array(let element, let count, let isUnique), .array(let elements)):
            guard count.contains(elements.count) else {
                return errors.add(pointer, "must be \(expectation), not of \(elements.count)")
            }
            for (index, value) in elements.enumerated() { element.check(value, at: "\(pointer)/\(index)", &errors) }
            if isUnique { Self.checkUnique(elements, at: pointer, &errors) }
        case (.object(let members, let others), .object(let values)):
            Self.check(values, members, others, at: pointer, &errors)
        case (.choice(let choices), _):
            let alike = choices.filter { $0.hasKind(of: value) }
            guard let first = alike.first else { fallthrough }
            (alike.first { $0.hasRequired(of: value) } ?? first).check(value, at: pointer, &errors)
        default: errors.add(pointer, "must be \(expectation), not \(value.excerpt)")
        }
    }

    private static func check(
        _ values: [String: JSONValue],
        _ members: [Member],
        _ others: Others,
        at pointer: String,
        _ errors: inout FieldErrors
    ) {
        for member in members {
            if let value = values[member.name] {
                member.schema.check(value, at: FieldError.pointer(pointer, member.name), &errors)
            } else if member.isRequired {
                errors.add(FieldError.pointer(pointer, member.name), "is missing")
            }
        }
        let declared = Set(members.map(\.name))
        let rest = values.keys.filter { !declared.contains($0) }.sorted()
        switch others {
        case .any: break
        case .none:
            let names = members.map(\.name).joined(separator: ", ")
            for name in rest { errors.add(FieldError.pointer(pointer, name), "no such member; there are: \(names)") }
        case .each(let schema, let names, let count):
            guard count.contains(rest.count) else {
                return errors.add(pointer, "must have \(phrase(count, "member")), not \(rest.count)")
            }
            for name in rest {
                let place = FieldError.pointer(pointer, name)
                if let names, !names.matches(name) { errors.add(place, "the name must \(names.rule)") }
                schema.check(values[name]!, at: place, &errors)
            }
        }
    }

    private static func checkUnique(_ elements: [JSONValue], at pointer: String, _ errors: inout FieldErrors) {
        var seen: Set<String> = []
        for case (let index, .string(let text)) in elements.enumerated() where !seen.insert(text).inserted {
            errors.add("\(pointer)/\(index)", "\(text.quoted) comes twice")
        }
    }

    private func hasKind(of value: JSONValue) -> Bool {
        switch (kind, value) {
        case (.any, _), (.boolean, .bool), (.string, .string), (.array, .array), (.object, .object): true
        case (.integer, .integer), (.integer, .number), (.number, .integer), (.number, .number): true
        case (.component(_, let schema), _): schema.hasKind(of: value)
        case (.choice(let choices), _): choices.contains { $0.hasKind(of: value) }
        default: isNullable && value == .null
        }
    }

    /// Whether no required member is missing in an object, which tells apart objects to choose from.
    private func hasRequired(of value: JSONValue) -> Bool {
        switch kind {
        case .object(let members, _): members.allSatisfy { !$0.isRequired || value.members[$0.name] != nil }
        case .component(_, let schema): schema.hasRequired(of: value)
        default: true
        }
    }

    /// What a value must be, in the words of an error.
    var expectation: String {
        switch kind {
        case .any: "a value"
        case .boolean: "true or false"
        case .integer(let range): "an integer" + Self.bounds(range, Int.min, Int.max)
        case .number(let range): "a number" + Self.bounds(range, -.infinity, .infinity)
        case .string(let rules): rules.words.map { "one of " + $0.joined(separator: ", ") } ?? "a string"
        case .array(_, let count, _): count == 0...Int.max ? "an array" : "an array of \(Self.phrase(count, "element"))"
        case .object: "an object"
        case .choice(let choices): choices.map(\.expectation).joined(separator: " or ")
        case .component(_, let schema): schema.expectation
        }
    }

    private static func bounds<Bound: Comparable>(_ range: ClosedRange<Bound>, _ low: Bound, _ high: Bound) -> String {
        switch (range.lowerBound == low, range.upperBound == high) {
        case (true, true): ""
        case (false, true): " of at least \(range.lowerBound)"
        case (true, false): " of at most \(range.upperBound)"
        case (false, false): " from \(range.lowerBound) to \(range.upperBound)"
        }
    }

    /// `1 to 200 characters`
    fileprivate static func phrase(_ count: ClosedRange<Int>, _ noun: String) -> String {
        if count.upperBound == .max { return "at least \(count.lowerBound) \(noun)\(count.lowerBound == 1 ? "" : "s")" }
        return "\(count.lowerBound) to \(count.upperBound) \(noun)s"
    }
}

extension Schema.Text {
    fileprivate func check(_ text: String, at pointer: String, _ errors: inout FieldErrors) {
        if let words, !words.contains(text) {
            errors.add(pointer, "must be one of \(words.joined(separator: ", ")), not \(text.quoted)")
        } else if !length.contains(text.unicodeScalars.count) {
            errors.add(pointer, "must have \(Schema.phrase(length, "character")), not \(text.unicodeScalars.count)")
        } else if let pattern, !pattern.matches(text) {
            errors.add(pointer, "must \(pattern.rule), not \(text.quoted)")
        }
    }
}
