import Glibc
package import HTTPTypes

/// What the state of a resource is told by (RFC 9110 §8.8). Decides what the conditions of a request come to (§13).
package struct Validators: Sendable {
    private let tag: EntityTag?
    /// Seconds since 1970.
    private let modified: Int?

    /// `ETag` and `Last-Modified`, as far as there are any.
    let fields: HTTPFields

    /// - Precondition: `entityTag` has its quotes, and a `W/` before them if it is weak.
    package init(entityTag: String? = nil, modified: Int? = nil) {
        tag = entityTag.map {
            guard let tag = EntityTag($0) else { preconditionFailure("\($0) is no entity tag") }
            return tag
        }
        // RFC 9110 §8.8.2.1: never later than now, whatever the clock was when a file was written.
        let modified = modified.map { min($0, time(nil)) }
        self.modified = modified
        var fields: HTTPFields = [:]
        fields[.eTag] = entityTag
        fields[.lastModified] = modified.map(HTTPDate.string)
        self.fields = fields
    }

    /// Those of a file as it was when it was opened.
    package init(of file: OpenFile) {
        self.init(entityTag: file.entityTag, modified: file.modified)
    }

    enum Verdict: Equatable {
        case proceed
        /// To be answered 304, with the tag that the client has.
        case notModified(EntityTag?)
        /// To be answered 412, with what does not hold.
        case failed(String)
    }

    /// Looks at the conditions of a request that would succeed without them, in the order of RFC 9110 §13.2.2.
    func verdict(on request: Request) -> Verdict {
        let fields = request.fields
        let isRead = request.method == .get || request.method == .head
        if let list = fields[.ifMatch] {
            guard names(list, { $0.isSame(as: $1) || $0.isSame(as: $1.gzipped) }) else {
                return .failed("If-Match does not name what is there")
            }
        } else if let modified, let date = date(fields[.ifUnmodifiedSince]), modified > date {
            return .failed("If-Unmodified-Since: the resource was modified later")
        }
        if let list = fields[.ifNoneMatch] {
            guard names(list, { $0.isLike($1) }) else { return verdict(onCompressed: list, request, isRead) }
            return isRead ? .notModified(tag) : .failed("If-None-Match names what is there")
        }
        guard isRead, let modified, let date = date(fields[.ifModifiedSince]) else { return .proceed }
        return modified <= date ? .notModified(tag) : .proceed
    }

    /// Looks whether `If-None-Match` names what is there when it is compressed. To a client that does not take that now it
    /// is something else.
    private func verdict(onCompressed list: String, _ request: Request, _ isRead: Bool) -> Verdict {
        guard names(list, { $0.isLike($1.gzipped) }), !isRead || AcceptedCodings(request.fields).prefersGzip else {
            return .proceed
        }
        return isRead ? .notModified(tag?.gzipped) : .failed("If-None-Match names what is there")
    }

    /// Whether a range may be sent (RFC 9110 §13.1.5): `If-Range` is absent, or has the same strong tag or date.
    ///
    /// Clients send a date only where they know it to be a strong validator.
    func allowRange(_ request: Request) -> Bool {
        guard let condition = request.fields[.ifRange] else { return true }
        if let other = EntityTag(condition) { return tag?.isSame(as: other) ?? false }
        return modified != nil && date(condition) == modified
    }

    /// Whether a list is `*` or has a tag that compares as the one there is.
    private func names(_ list: String, _ compare: (EntityTag, EntityTag) -> Bool) -> Bool {
        if list == "*" { return true }
        guard let tag else { return false }
        return EntityTag.list(list).contains { compare($0, tag) }
    }

    /// Nil as well for what is no date, which does not count (RFC 9110 §13.1.3).
    private func date(_ text: String?) -> Int? {
        text.flatMap { HTTPDate.parse($0, now: time(nil)) }
    }
}

extension Request {
    /// Decides what the conditions of the request come to: 304 with `fields` and the validators if the client has what is
    /// there already, nil if the request is to be done. Throws a 412 if it must not be.
    package func notModified(_ current: Validators, fields: HTTPFields = [:]) throws(RequestError) -> Response? {
        switch current.verdict(on: self) {
        case .proceed: return nil
        case .failed(let detail): throw .preconditionFailed(detail)
        case .notModified(let tag):
            var response = Response(status: .notModified, fields: fields)
            for field in current.fields { response.fields[field.name] = field.value }
            response.fields[.eTag] = tag?.description
            return response
        }
    }

    /// The same for what has but an entity tag, given with its quotes.
    package func notModified(_ tag: String) throws(RequestError) -> Response? {
        try notModified(Validators(entityTag: tag))
    }
}
