@testable import HTTP

/// A request, or how the stream ends in one, as the decoder tells of it.
struct DecodedRequest: Equatable {
    var head: RequestHead
    var expectsContinue = false
    var body: [UInt8] = []
    var isWhole = false
}

/// All that the decoder tells of a stream.
struct DecodedStream: Equatable {
    var requests: [DecodedRequest] = []
    var failure: RequestError?

    init(_ pieces: some Sequence<some Collection<UInt8>>, limits: RequestLimits, bodyLimit: Int) {
        var decoder = RequestDecoder(limits: limits)
        for piece in pieces {
            Array(piece).withUnsafeBytes { bytes in
                var offset = 0
                var before = 0
                while let event = decoder.next(bytes, at: &offset) {
                    require((before...bytes.count).contains(offset), "the offset went back or beyond the end")
                    before = offset
                    note(event, bytes, &decoder, bodyLimit)
                }
                require(offset == bytes.count || failure != nil, "bytes were left without an event")
            }
        }
    }

    private mutating func note(
        _ event: RequestDecoder.Event, _ bytes: UnsafeRawBufferPointer, _ decoder: inout RequestDecoder, _ limit: Int
    ) {
        require(failure == nil, "an event after a failure")
        switch event {
        case .head(let head):
            require(requests.last?.isWhole ?? true, "a request within a request")
            requests.append(DecodedRequest(head: head))
            decoder.bodyLimit = limit
        case .expectContinue:
            let request = requests[requests.count - 1]
            require(!request.isWhole && request.body.isEmpty && !request.expectsContinue, "100 Continue too late")
            requests[requests.count - 1].expectsContinue = true
        case .body(let range):
            require(!range.isEmpty && !requests[requests.count - 1].isWhole, "a piece of no body")
            requests[requests.count - 1].body += bytes[range]
        case .end:
            require(!requests[requests.count - 1].isWhole, "two ends of a request")
            requests[requests.count - 1].isWhole = true
        case .failure(let error):
            failure = error
        }
    }
}

/// What holds for the decoder whatever comes.
func checkDecoder(_ plan: Plan) {
    let whole = DecodedStream([plan.stream], limits: plan.limits, bodyLimit: plan.bodyLimit)
    for pieces in [plan.pieces, plan.stream.map { [$0] }] {
        let cut = DecodedStream(pieces, limits: plan.limits, bodyLimit: plan.bodyLimit)
        require(cut == whole, "what is decoded depends on the cuts:\n\(whole)\n\(cut)")
    }
    for request in whole.requests {
        check(request.head, plan.limits)
        check(request, limit: plan.bodyLimit)
        if request.isWhole { checkRepeated(request) }
    }
}

private func check(_ head: RequestHead, _ limits: RequestLimits) {
    let bytes = head.fields.bytes
    let names = head.fields.slots.map { String(decoding: bytes[$0.name], as: UTF8.self).lowercased() }
    require(names.count <= limits.headerCount, "more fields than may be")
    require(head.line.count <= limits.requestLine, "a longer request line than may be")
    // The ends of the last line and of the header do not count.
    require(bytes.count - head.line.count - 2 <= limits.headerBytes + 4, "a longer header than may be")
    require(!head.line.contains { $0 <= 0x20 && $0 != 0x20 || $0 >= 0x7F }, "a request line with control characters")
    for slot in head.fields.slots {
        require(!bytes[slot.value].contains { $0 == 0 || $0 == 10 || $0 == 13 }, "a value with the end of a line")
        require(!bytes[slot.name].isEmpty && !bytes[slot.name].contains(where: \.isBlank), "a name with blanks")
    }
    let lengths = names.count { $0 == "content-length" }
    let codings = names.count { $0 == "transfer-encoding" }
    let hosts = names.count { $0 == "host" }
    require(hosts == 1 || (hosts == 0 && head.minorVersion == 0), "not one Host")
    switch head.framing {
    case .none: require(lengths == 0 && codings == 0, "framing was overlooked")
    case .length: require(lengths == 1 && codings == 0, "framing by length, and not by that alone")
    case .chunked: require(lengths == 0 && codings > 0 && head.minorVersion == 1, "framing by more than chunks")
    }
    require(head.target == .asterisk || head.path.isEmpty || bytes[head.path.lowerBound] == UInt8(ascii: "/"), "a path")
}

private func check(_ request: DecodedRequest, limit: Int) {
    require(request.body.count <= limit, "a longer body than may be")
    switch request.head.framing {
    case .none: require(request.body.isEmpty, "a body out of nothing")
    case .length(let length):
        require(
            request.isWhole ? request.body.count == length : request.body.count <= length, "a body of another length")
    case .chunked: break
    }
}

/// What was accepted, written anew without anything that says nothing, means the same.
private func checkRepeated(_ request: DecodedRequest) {
    let head = request.head
    var text = head.line + "\r\n".utf8
    for slot in head.fields.slots {
        text += head.fields.bytes[slot.name] + ":".utf8 + head.fields.bytes[slot.value] + "\r\n".utf8
    }
    text += "\r\n".utf8
    if head.framing == .chunked {
        if !request.body.isEmpty {
            text += "\(String(request.body.count, radix: 16))\r\n".utf8 + request.body + "\r\n".utf8
        }
        text += "0\r\n\r\n".utf8
    } else {
        text += request.body
    }
    let again = DecodedStream([text], limits: RequestLimits(), bodyLimit: .max)
    require(again.failure == nil && again.requests.count == 1, "refused when written anew: \(again)")
    let other = again.requests[0]
    require(other.isWhole && other.body == request.body && other.expectsContinue == request.expectsContinue, "\(other)")
    require(other.head.meaning == head.meaning, "\(other.head.meaning) instead of \(head.meaning)")
}

extension RequestHead {
    /// The request line.
    fileprivate var line: [UInt8] { Array(fields.bytes.prefix { $0 != .carriageReturn }) }

    /// All of the head that does not depend on blanks around values.
    fileprivate var meaning: [String] {
        func text(_ range: Range<Int>?) -> String { range.map { "'\(fields.bytes[$0].map(Int.init))'" } ?? "-" }
        return ["\(method) \(target) \(minorVersion) \(keepAlive) \(expectsContinue) \(framing)"]
            + [text(path), text(query), text(authority)]
            + fields.slots.map { text($0.name) + text($0.value) }
    }
}
