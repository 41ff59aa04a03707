import Emotion
import HTTP
import HTTPTypes

/// A way to write predictions.
protocol PredictionAnswer: Sendable {
    /// Whether it has a place for what is asked beside all probabilities, and for what is wrong with a single clip.
    var isPerClip: Bool { get }

    /// - Throws: ``Problem`` when there is nothing to answer with.
    func response(_ predictions: Predictions) throws -> Response
}

/// The media types of answers that a client may ask for, by `Accept` (RFC 9110 section 12.5.1).
enum AnswerType: String, CaseIterable {
    case json = "application/json"
    case lines = "application/x-ndjson"
    case npz = "application/x-npz"
    case safetensors = "application/vnd.safetensors"

    /// Those besides JSON.
    static let others = allCases.dropFirst().map(\.rawValue)

    var answer: any PredictionAnswer {
        switch self {
        case .json: JSONAnswer()
        case .lines: LinesAnswer()
        case .npz: NPZAnswer()
        case .safetensors: SafetensorsAnswer()
        }
    }

    /// The type that a client wants most, of those that there are; of several, the first of those.
    ///
    /// - Parameter accept: the field; nil for any type.
    /// - Throws: ``Problem`` with 406 when it takes none.
    static func preferred(
        by accept: String?, of types: some Sequence<AnswerType> = allCases
    ) throws(Problem) -> AnswerType {
        let ranges = (accept ?? "*/*").lowercased().split(separator: ",").compactMap(Range.init)
        var best: (type: AnswerType, weight: Double)?
        for type in types {
            let weight = ranges.filter { $0.covers(type.rawValue) }.max { $0.precision < $1.precision }?.weight ?? 0
            if weight > best?.weight ?? 0 { best = (type, weight) }
        }
        // A field without members says nothing.
        if let best { return best.type }
        let names = types.map(\.rawValue).joined(separator: ", ")
        guard !ranges.isEmpty, let accept else { return try preferred(by: nil, of: types) }
        throw Problem(
            .notAcceptable, code: "not_acceptable",
            detail: "Accept is \(accept.quoted), and this request can be answered in: \(names)")
    }

    /// `application/*;q=0.5`
    private struct Range {
        let name: String
        let weight: Double

        init?(_ member: Substring) {
            let parts = member.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let name = parts.first, !name.isEmpty else { return nil }
            self.name = name
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
            weight = quality.map { Double($0).map { min(max($0, 0), 1) } ?? 0 } ?? 1
        }

        /// A type counts more than all types of a kind, and those more than all types.
        var precision: Int { name == "*/*" ? 0 : name.hasSuffix("/*") ? 1 : 2 }

        func covers(_ type: String) -> Bool {
            switch precision {
            case 0: true
            case 1: type.hasPrefix(name.dropLast())
            default: type == name || (name == "application/x-safetensors" && type == AnswerType.safetensors.rawValue)
            }
        }
    }
}
