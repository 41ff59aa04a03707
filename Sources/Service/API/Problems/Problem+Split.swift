import Emotion
import HTTPTypes

extension Problem {
    /// A split that cannot be used, with the first of its problems.
    static func invalidSplit(_ problems: [SplitProblem], count: Int) -> Problem {
        let errors = problems.map { problem in
            let base = problem.row.map { "/clips/\($0)" } ?? ""
            // The field's name without the position in brackets, which is no part of a pointer.
            let field = String(problem.field.prefix { $0 != "[" })
            return FieldError(pointer: FieldError.pointer(base, field), detail: problem.description)
        }
        let first = errors.first?.detail ?? ""
        let others = count - (problems.first?.count ?? 1)
        let more = others > 0 ? " (and \(others) more)" : ""
        return Problem(.unprocessableContent, code: "invalid_split", detail: first + more, errors: errors)
    }
}
