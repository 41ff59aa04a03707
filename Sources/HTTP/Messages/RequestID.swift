/// What ties a request to its log lines: the client's `X-Request-Id` if it is fit to be repeated, else one made here.
package enum RequestID: Sendable, Equatable, CustomStringConvertible {
    case received(String)
    case made(UInt64)

    /// The client's text, or 16 hexadecimal digits.
    package var description: String {
        switch self {
        case .received(let text): return text
        case .made(let number):
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
    }

    /// 1 to 128 letters, digits and `-_.:/+=@`: nothing that could break a log line or a header.
    static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
        (1...128).contains(bytes.count) && bytes.allSatisfy { $0.isASCIIAlphanumeric || "-_.:/+=@".utf8.contains($0) }
    }

    func append(to output: inout OutputBuffer) {
        switch self {
        case .received(let text): output.append(text)
        case .made(let number): output.append(word: number)
        }
    }
}

/// Makes request identifiers: a counter sent through SplitMix64's finaliser, so that they look unrelated and none
/// comes twice from one generator.
struct RequestIDGenerator: Sendable {
    private var state: UInt64

    init(seed: UInt64 = .random(in: .min ... .max)) {
        state = seed
    }

    mutating func next() -> RequestID {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return .made(mixed ^ (mixed >> 31))
    }
}
