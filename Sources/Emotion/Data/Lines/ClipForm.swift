import Engine
import JSON

/// What a clip looks like in JSON, and how one is read out of a document.
struct ClipForm: Sendable {
    /// By name of modality; nil: any modalities, any feature size.
    private let featureSizes: [String: Int]?
    /// Those there are, in the words of an error.
    private let knownModalities: String
    private let labelNames: [String]?
    /// By name of label.
    private let labelIndices: [String: Int]
    private let ignoresLabels: Bool
    private let unitLimit: Int
    private let replacesNonfinite: Bool

    /// The most modalities of a clip, and of all clips of a split.
    static let modalityLimit = 256
    /// Names that an error lists.
    private static let listedNames = 10
    /// Of a name that is not known.
    private static let shownCharacters = 80

    init(
        modalities: [Modality]?, labels: [String]?, ignoresLabels: Bool, unitLimit: Int, replacesNonfinite: Bool
    ) {
        featureSizes = modalities.map { modalities in
            Dictionary(modalities.map { ($0.name, $0.featureSize) }, uniquingKeysWith: { first, _ in first })
        }
        knownModalities = Self.list((modalities ?? []).map(\.name).sorted())
        labelNames = labels
        labelIndices = Dictionary((labels ?? []).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        self.ignoresLabels = ignoresLabels
        self.unitLimit = unitLimit
        self.replacesNonfinite = replacesNonfinite
    }

    private static func list(_ names: [String]) -> String {
        let more = names.count > listedNames ? " and \(names.count - listedNames) more" : ""
        return names.prefix(listedNames).joined(separator: ", ") + more
    }

    /// The clip or what is wrong with it, and its id where it has one.
    ///
    /// - Parameter pointer: where the value lies in its document.
    func clip(_ value: JSONElement, pointer: String) -> (clip: Result<Clip, ClipError>, id: String?) {
        guard value.kind == .object else {
            return (.failure(ClipError(code: .badClip, detail: "a clip must be an object", pointer: pointer)), nil)
        }
        var clip = Clip(modalities: [:])
        var seen: Set<String> = []
        var fault: ClipError?
        // The walk goes on after a fault so that a bad clip still gets its id.
        value.forEachMember { name, member in
            do throws(ClipError) {
                let place = JSONPointer.member(name, of: pointer)
                guard seen.insert(name).inserted else {
                    throw ClipError(code: .duplicateMember, detail: "the member comes twice", pointer: place)
                }
                switch name {
                case "id": clip.id = try id(member, pointer: place)
                case "labels":
                    if fault == nil, !ignoresLabels { clip.labels = try labels(member, pointer: place) }
                default:
                    guard fault == nil else { return }
                    guard clip.modalities.count < Self.modalityLimit else {
                        let detail = "the clip has more than \(Self.modalityLimit) modalities"
                        throw ClipError(code: .unknownModality, detail: detail, pointer: place)
                    }
                    clip.modalities[name] = try units(member, of: name, pointer: place)
                }
            } catch {
                fault = fault ?? error
            }
        }
        if fault == nil, clip.modalities.isEmpty {
            fault = ClipError(code: .noModality, detail: "the clip has no modality", pointer: pointer)
        }
        if fault == nil { fault = Self.fault(ofUnits: clip, pointer: pointer) }
        return (fault.map(Result.failure) ?? .success(clip), clip.id)
    }

    private static func fault(ofUnits clip: Clip, pointer: String) -> ClipError? {
        let (units, limit) = (clip.modalities.values.reduce(0) { $0 + $1.length }, MultiHeadAttention.longestSequence)
        guard units > limit else { return nil }
        return ClipError(
            code: .badShape, detail: "\(units) units in all modalities, at most \(limit)", pointer: pointer)
    }

    private func id(_ value: JSONElement, pointer: String) throws(ClipError) -> String? {
        switch value.kind {
        case .string: return value.string
        case .null: return nil
        default: throw ClipError(code: .badClip, detail: "an id must be a string", pointer: pointer)
        }
    }

    // MARK: Units

    private func units(_ value: JSONElement, of name: String, pointer: String) throws(ClipError) -> Clip.Units? {
        if let featureSizes {
            guard featureSizes[name] != nil else {
                throw ClipError(
                    code: .unknownModality,
                    detail: "no such modality; there are: \(knownModalities)",
                    pointer: pointer
                )
            }
        } else if let reason = Modality.fault(inName: name) {
            throw ClipError(code: .unknownModality, detail: reason, pointer: pointer)
        }
        if value.kind == .null { return nil }
        guard value.kind == .array else {
            throw ClipError(
                code: .badShape, detail: "must be an array of units or null; leave out what is none", pointer: pointer)
        }
        let (rows, columns) = try shape(value, expected: featureSizes?[name], pointer: pointer)
        if rows == 0 { return nil }
        do throws(JSONElement.MatrixFault) {
            let values = try value.matrix(rows: rows, columns: columns)
            return Clip.Units(length: rows, featureSize: columns, values: values)
        } catch {
            if replacesNonfinite { return try replacing(value, rows: rows, columns: columns, pointer: pointer) }
            throw Self.explain(error, pointer: pointer)
        }
    }

    /// The units with 0 for what is null, as JSON has no other word for NaN, or beyond float32.
    private func replacing(
        _ value: JSONElement,
        rows: Int,
        columns: Int,
        pointer: String
    ) throws(ClipError) -> Clip.Units {
        var values: [Float] = []
        values.reserveCapacity(rows * columns)
        var replaced: [Int] = []
        try value.forEachElement { row throws(ClipError) in
            try row.forEachElement { element throws(ClipError) in
                let (unit, feature) = values.count.quotientAndRemainder(dividingBy: columns)
                let number: Float
                switch element.kind {
                case .number: number = Float(element.number)
                case .null: number = .nan
                case .bool, .string, .array, .object:
                    throw Self.explain(.notANumber(row: unit, column: feature), pointer: pointer)
                }
                if !number.isFinite { replaced.append(values.count) }
                values.append(number.isFinite ? number : 0)
            }
        }
        return Clip.Units(length: rows, featureSize: columns, values: values, replaced: replaced)
    }

    private func shape(
        _ value: JSONElement,
        expected: Int?,
        pointer: String
    ) throws(ClipError) -> (rows: Int, columns: Int) {
        let shape: (rows: Int, columns: Int)
        do throws(JSONElement.MatrixFault) {
            shape = try value.matrixShape()
        } catch {
            // Where the size is known, the first unit of another size is at fault, and not the first that differs.
            if case .ragged(_, _, let first) = error, let expected, first != expected {
                throw Self.wrongSize(first, expected: expected, pointer: pointer)
            }
            throw Self.explain(error, pointer: pointer)
        }
        guard shape.rows <= unitLimit else {
            throw ClipError(code: .badShape, detail: "\(shape.rows) units, at most \(unitLimit)", pointer: pointer)
        }
        guard shape.columns <= Modality.featureSizes.upperBound else {
            let detail = "\(shape.columns) features, at most \(Modality.featureSizes.upperBound)"
            throw ClipError(code: .badShape, detail: detail, pointer: "\(pointer)/0")
        }
        guard shape.rows == 0 || shape.columns == expected ?? max(shape.columns, 1) else {
            throw Self.wrongSize(shape.columns, expected: expected ?? 1, pointer: pointer)
        }
        return shape
    }

    private static func wrongSize(_ columns: Int, expected: Int, pointer: String) -> ClipError {
        let detail = columns == 0 ? "a unit must have at least one feature" : "\(columns) features, not \(expected)"
        return ClipError(code: .badShape, detail: detail, pointer: "\(pointer)/0")
    }

    private static func explain(_ fault: JSONElement.MatrixFault, pointer: String) -> ClipError {
        switch fault {
        case .rowIsNotArray(let row):
            ClipError(code: .badShape, detail: "a unit must be an array of numbers", pointer: "\(pointer)/\(row)")
        case .ragged(let row, let columns, let first):
            ClipError(
                code: .badShape,
                detail: "\(columns) features, not \(first)",
                pointer: "\(pointer)/\(row)"
            )
        case .notANumber(let row, let column):
            ClipError(code: .notANumber, detail: "a feature must be a number", pointer: "\(pointer)/\(row)/\(column)")
        case .notFinite(let row, let column):
            ClipError(
                code: .notANumber,
                detail: "the number does not fit a 32-bit float",
                pointer: "\(pointer)/\(row)/\(column)"
            )
        }
    }

    // MARK: Labels

    private func labels(_ value: JSONElement, pointer: String) throws(ClipError) -> [Float]? {
        if value.kind == .null { return nil }
        guard value.kind == .array else {
            throw ClipError(code: .badClip, detail: "labels must be an array", pointer: pointer)
        }
        var names: [String] = []
        value.forEachElement { if $0.kind == .string { names.append($0.string) } }
        if names.isEmpty, value.elementCount > 0 { return try binaryLabels(value, pointer: pointer) }
        guard names.count == value.elementCount else {
            throw ClipError(code: .badClip, detail: "labels must be all names or all 0 and 1", pointer: pointer)
        }
        guard let labelNames else {
            throw ClipError(code: .badClip, detail: Self.namesNeeded, pointer: pointer)
        }
        var labels = [Float](repeating: 0, count: labelNames.count)
        for (position, name) in names.enumerated() {
            guard let label = labelIndices[name] else {
                let detail = "no label \"\(name.prefix(Self.shownCharacters))\""
                throw ClipError(
                    code: .badClip, detail: "\(detail); there are: \(Self.list(labelNames))",
                    pointer: "\(pointer)/\(position)")
            }
            labels[label] = 1
        }
        return labels
    }

    private static let namesNeeded = "labels by name need the names of all labels, which a data set declares as labels"

    private func binaryLabels(_ value: JSONElement, pointer: String) throws(ClipError) -> [Float] {
        if let labelNames, value.elementCount != labelNames.count {
            let detail = "\(value.elementCount) labels, not \(labelNames.count)"
            throw ClipError(code: .badClip, detail: detail, pointer: pointer)
        }
        let labels: [Float]
        do throws(JSONElement.MatrixFault) {
            labels = try value.numbers()
        } catch {
            throw ClipError(code: .badClip, detail: "labels must be 0 or 1", pointer: pointer)
        }
        if let position = labels.firstIndex(where: { $0 != 0 && $0 != 1 }) {
            throw ClipError(code: .badClip, detail: "a label must be 0 or 1", pointer: "\(pointer)/\(position)")
        }
        return labels
    }
}
