import Emotion
import HTTPTypes

extension Problem {
    /// A split that cannot be used, with the first of its problems.
    static func invalidSplit(_ problems: [SplitProblem], count: Int) -> Problem {
        let errors = problems.map { problem in
            let place = problem.row.map { "clip \($0), \(problem.field)" } ?? problem.field
            let base = problem.row.map { "/clips/\($0)" } ?? ""
            // The field's name without the position in brackets, which is no part of a pointer.
            let field = String(problem.field.prefix { $0 != "[" })
            return FieldError(pointer: FieldError.pointer(base, field), detail: "\(place): \(problem.reason)")
        }
        let first = errors.first?.detail ?? ""
        let more = count > 1 ? " (and \(count - 1) more)" : ""
        return Problem(.unprocessableContent, code: "invalid_split", detail: first + more, errors: errors)
    }
}
