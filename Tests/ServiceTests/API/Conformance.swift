import HTTPTypes
import Testing

@testable import HTTP
@testable import Service

/// Expects an answer to be one that the operation declares.
func expectConformance(
    _ reply: TestService.Reply,
    to request: Request,
    _ router: Router,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    var asked = request
    _ = try? router.resolve(&asked)
    guard let operation = (asked.admitted as? Admitted)?.operation else {
        // Refused before an operation was found; without one, only OPTIONS and files succeed.
        let isAnswered = reply.status >= 400 || request.method == .options || !request.path.hasPrefix("/v")
        return #expect(isAnswered, "\(request.path) succeeds without an operation", sourceLocation: sourceLocation)
    }
    let answer = operation.answers.first { $0.status.code == reply.status }
    let isFailure = operation.allFailures.contains { $0.code == reply.status }
    #expect(
        answer != nil || isFailure, "\(operation.id) does not declare the status \(reply.status)",
        sourceLocation: sourceLocation)
    let schema: Schema
    switch answer?.content {
    case nil: schema = Problem.schema
    case .jsonOrEvents where reply.fields[.contentType] == "text/event-stream": return
    case .jsonOr(_, let types) where types.contains(reply.fields[.contentType] ?? ""): return
    case .json(let declared), .jsonOrEvents(let declared), .jsonOr(let declared, _): schema = declared
    case .none?: return #expect(reply.bytes.isEmpty, sourceLocation: sourceLocation)
    case .other(let type):
        return #expect(reply.fields[.contentType]?.hasPrefix(type) == true, sourceLocation: sourceLocation)
    }
    var errors = FieldErrors()
    schema.check(try reply.json, at: "", &errors)
    #expect(
        errors.isEmpty, "\(operation.id) answers what it does not declare: \(errors)", sourceLocation: sourceLocation)
}
