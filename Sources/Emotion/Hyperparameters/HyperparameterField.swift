import Foundation

/// One hyperparameter by name: what it means, what it may be, and how it is read and set.
package struct HyperparameterField: Sendable {
    package let name: String
    /// One line for help texts and forms.
    package let summary: String
    package let domain: Domain
    package let read: @Sendable (Hyperparameters) -> HyperparameterValue
    private let write: @Sendable (inout Hyperparameters, HyperparameterValue) -> Void

    /// What a hyperparameter may be.
    package enum Domain: Sendable, Equatable, CustomStringConvertible {
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case boolean
        case choice([String])
        /// Distinct names; one at least, each of the given, when there are any given.
        case names(of: [String]?)

        package var description: String {
            switch self {
            case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
            case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
            case .boolean: "true or false"
            case .choice(let words): "one of " + words.joined(separator: ", ")
            case .names(let words?): "a list of one or more of " + words.joined(separator: ", ")
            case .names(nil): "a list of names"
            }
        }

        func contains(_ value: HyperparameterValue) -> Bool {
            switch (self, value) {
            case (.integer(let range), .number(let number)): Int(exactly: number).map(range.contains) ?? false
            case (.number(let range), .number(let number)): range.contains(number)
            case (.boolean, .boolean): true
            case (.choice(let words), .string(let word)): words.contains(word)
            case (.names(let words), .list(let names)):
                Set(names).count == names.count
                    && (words.map { !names.isEmpty && Set($0).isSuperset(of: names) } ?? !names.contains(""))
            default: false
            }
        }
    }

    /// Sets the hyperparameter.
    ///
    /// - Throws: ``HyperparameterError`` with the value and the domain when the value is outside of it.
    package func set(_ value: HyperparameterValue, in hyperparameters: inout Hyperparameters)
        throws(HyperparameterError)
    {
        var value = value
        // A list may be written as one word, as on the command line.
        if case .names = domain, case .string(let word) = value {
            value = .list(word.isEmpty ? [] : word.components(separatedBy: ","))
        }
        guard domain.contains(value) else {
            throw HyperparameterError(name: name, reason: "\(value) is not \(domain)")
        }
        write(&hyperparameters, value)
    }
}

extension HyperparameterField {
    typealias Path<Value> = any WritableKeyPath<Hyperparameters, Value> & Sendable

    init(_ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ summary: String) {
        self.init(name: name, summary: summary, domain: .integer(range)) {
            .number(Double($0[keyPath: path]))
        } write: { hyperparameters, value in
            if case .number(let number) = value { hyperparameters[keyPath: path] = Int(number) }
        }
    }

    init(_ name: String, _ path: Path<Float>, _ range: ClosedRange<Double>, _ summary: String) {
        self.init(name: name, summary: summary, domain: .number(range)) {
            // The shortest decimal that gives this float, so that 5e-5 is read back as it was written.
            .number(Double($0[keyPath: path].description) ?? Double($0[keyPath: path]))
        } write: { hyperparameters, value in
            if case .number(let number) = value { hyperparameters[keyPath: path] = Float(number) }
        }
    }

    init(_ name: String, _ path: Path<Bool>, _ summary: String) {
        self.init(name: name, summary: summary, domain: .boolean) {
            .boolean($0[keyPath: path])
        } write: { hyperparameters, value in
            if case .boolean(let flag) = value { hyperparameters[keyPath: path] = flag }
        }
    }

    init<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ name: String, _ path: Path<Choice>, _ summary: String
    ) {
        self.init(name: name, summary: summary, domain: .choice(Choice.allCases.map(\.rawValue))) {
            .string($0[keyPath: path].rawValue)
        } write: { hyperparameters, value in
            if case .string(let word) = value, let choice = Choice(rawValue: word) {
                hyperparameters[keyPath: path] = choice
            }
        }
    }

    init(_ name: String, _ path: Path<[String]>, _ summary: String) {
        self.init(name: name, summary: summary, domain: .names(of: nil)) {
            .list($0[keyPath: path])
        } write: { hyperparameters, value in
            if case .list(let names) = value { hyperparameters[keyPath: path] = names }
        }
    }

    init<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ name: String, _ path: Path<[Choice]>, _ summary: String
    ) {
        self.init(name: name, summary: summary, domain: .names(of: Choice.allCases.map(\.rawValue))) {
            .list($0[keyPath: path].map(\.rawValue))
        } write: { hyperparameters, value in
            if case .list(let names) = value { hyperparameters[keyPath: path] = names.compactMap(Choice.init) }
        }
    }
}
