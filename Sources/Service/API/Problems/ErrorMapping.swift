import Emotion
import Engine
import HTTP
import HTTPTypes
import Jobs
import Logging
import Platform

/// Decides how every error looks to a client. No other place chooses status codes for errors of HTTP, Jobs and Emotion.
struct ErrorMapping: Sendable {
    let logger: Logger

    /// The answer to a request that failed. Failures of the server itself are logged with what caused them.
    func response(to error: any Error, request: Request?) -> Response {
        let problem = Self.problem(error)
        if error is CancellationError || error is ConnectionError {
            // The client went away or the server is stopping: nothing has failed.
            logger.debug("request given up", metadata: Self.metadata(of: request))
        } else if problem.status.code >= 500, !(error is Problem), !(error is RequestError) {
            // What clients ask of HTTP that there is not, a RequestError, is no failure of ours either.
            logger.error(
                "request failed", metadata: Self.metadata(of: request).merging(["error": "\(error)"]) { $1 })
        }
        return problem.response(requestID: request?.id)
    }

    /// What ties a line of the log to a request.
    private static func metadata(of request: Request?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["request_id": "\(request?.id.description ?? "-")"]
        if let trace = request?.traceID { metadata["trace_id"] = "\(trace)" }
        return metadata
    }

    static func problem(_ error: any Error) -> Problem {
        switch error {
        case let error as Problem: error
        case let error as RequestError: Problem(error.status, code: error.code, detail: error.detail)
        case let error as JobStoreError: problem(error)
        case let error as DatasetStoreError: problem(error)
        case let error as SweepStoreError: problem(error)
        case EvaluationError.unknownCursor(let id): .query("after", "there is no evaluation \(id)")
        case let error as KeyStoreError: problem(error)
        case let error as StorageError: problem(error)
        case let error as SystemError: problem(error)
        case let error as SafetensorsError: error.code.map { problem(SystemError("write", code: $0)) } ?? internalError
        case let error as ClipError: problem(error)
        case let error as TrainingStateError: problem(error)
        case let error as HyperparameterErrors: problem(error)
        case is ConnectionError: Problem(.badRequest, code: "incomplete_request", detail: "the request broke off")
        case let error as MemoryError: .unavailable(code: "out_of_memory", error.description)
        case is CancellationError: .unavailable(code: "cancelled", "the request was given up")
        default: internalError
        }
    }

    private static let internalError = Problem(
        .internalServerError,
        code: "internal_error",
        detail: "the server failed to answer this request"
    )

    private static func problem(_ error: JobStoreError) -> Problem {
        switch error {
        case .notFound(let id): .notFound("job \(id)")
        case .unknownDataset(let id): .invalid("/dataset", "there is no data set \(id)", code: "unknown_dataset")
        case .unknownCursor(let id): .query("after", "there is no job \(id)")
        case .unknownSweep(let id): .query("sweep", "there is no sweep \(id)")
        case .idempotencyConflict:
            Problem(.unprocessableContent, code: "idempotency_conflict", detail: error.description)
        case .over: Problem(.conflict, code: "job_over", detail: error.description)
        case .ending: Problem(.conflict, code: "job_ending", detail: error.description)
        case .unknownCheckpoint(_, let step): .notFound("checkpoint \(step)")
        case .notOver: Problem(.conflict, code: "job_not_over", detail: error.description)
        case .partOfSweep: Problem(.conflict, code: "job_in_sweep", detail: error.description)
        }
    }

    private static func problem(_ error: SweepStoreError) -> Problem {
        switch error {
        case .notFound(let id): .notFound("sweep \(id)")
        case .unknownCursor(let id): .query("after", "there is no sweep \(id)")
        case .notOver: Problem(.conflict, code: "sweep_not_over", detail: error.description)
        }
    }

    private static func problem(_ error: KeyStoreError) -> Problem {
        switch error {
        case .notFound(let id): .notFound("key \(id)")
        case .unknownCursor(let id): .query("after", "there is no key \(id)")
        }
    }

    private static func problem(_ error: TrainingStateError) -> Problem {
        let code =
            switch error.kind {
            case .unreadable, .otherTraining: "checkpoint_damaged"
            case .incomplete: "checkpoint_not_promotable"
            }
        return Problem(.conflict, code: code, detail: "the checkpoint \(error.reason)")
    }

    private static func problem(_ error: DatasetStoreError) -> Problem {
        switch error {
        case .notFound(let id): .notFound("data set \(id)")
        case .unknownCursor(let id): .query("after", "there is no data set \(id)")
        case .frozen, .inUse: Problem(.conflict, code: "dataset_in_use", detail: error.description)
        }
    }

    private static func problem(_ error: SystemError) -> Problem {
        if error.isFull { return .diskFull() }
        if error.isOutOfDescriptors {
            return .unavailable(code: "too_many_files", "the server has as many files open as it may")
        }
        return internalError
    }

    private static func problem(_ error: StorageError) -> Problem {
        switch error.kind {
        case .full: .diskFull()
        case .busy, .disk: .unavailable(code: "store_unavailable", "the store cannot be used at the moment")
        case .corrupt, .other: internalError
        }
    }

    private static func problem(_ error: ClipError) -> Problem {
        switch error.code {
        case .malformedJSON, .tooDeep: Problem(.badRequest, code: error.code.rawValue, detail: error.detail)
        case .tooLarge where error.pointer.isEmpty:
            Problem(.contentTooLarge, code: error.code.rawValue, detail: error.detail)
        default: .invalid(error.pointer, error.detail, code: error.code.rawValue)
        }
    }

    private static func problem(_ error: HyperparameterErrors) -> Problem {
        var errors = FieldErrors()
        for error in error.errors { errors.add(FieldError.pointer("/hyperparameters", error.name), error.reason) }
        return .invalid(errors)
    }
}
