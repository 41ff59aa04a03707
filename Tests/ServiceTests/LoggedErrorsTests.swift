import Foundation
import HTTP
import HTTPTypes
import Logging
import Platform
import Testing

@testable import Service

struct LoggedErrorsTests {
    struct Unforeseen: Error {}

    /// What the error mapping logs for an error, without the times.
    private func lines(for error: any Error) -> [String] {
        let written = Mutex<[UInt8]>([])
        let writer = LogWriter { bytes in written.withLock { $0 += bytes } }
        var logger = Logger(label: "test") { _ in LineLogHandler(writer: writer) }
        logger.logLevel = .debug
        _ = ErrorMapping(logger: logger).response(to: error, request: nil)
        writer.flush(limit: 60)
        return String(decoding: written.withLock { $0 }, as: UTF8.self).split(separator: "\n").map {
            String($0.drop { $0 != " " }.dropFirst())
        }
    }

    @Test func aClientThatWentAwayIsNoError() {
        #expect(lines(for: CancellationError()) == ["debug request given up request_id=-"])
        #expect(lines(for: ConnectionError.closedByClient) == ["debug request given up request_id=-"])
        #expect(lines(for: ConnectionError.timedOut) == ["debug request given up request_id=-"])
    }

    @Test func aFailureOfTheServerIs() {
        #expect(lines(for: Unforeseen()) == ["error request failed error=Unforeseen() request_id=-"])
        #expect(lines(for: Problem.notFound("job")) == [])
    }

    /// Also where the status has a 5 in front.
    @Test(arguments: [HTTPResponse.Status.badRequest, .notFound, .notImplemented, .httpVersionNotSupported])
    func whatAClientDoesWrongIsNone(status: HTTPResponse.Status) {
        #expect(lines(for: RequestError(status, code: "wrong", detail: "the client is wrong")) == [])
    }

    @Test(arguments: [(EMFILE, 503), (ENFILE, 503), (ENOSPC, 507), (EDQUOT, 507), (EACCES, 500)])
    func whatTheMachineLacksIsNoFaultOfTheProgram(code: Int32, status: Int) {
        let problem = ErrorMapping.problem(SystemError("open", path: "/data/incoming/1", code: code))
        #expect(problem.status.code == status)
        #expect(!problem.detail.contains("/data"))
    }
}
