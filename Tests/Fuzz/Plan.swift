@testable import HTTP

/// An input for requests: how they are cut and limited and what happens meanwhile, then what comes over the connection.
struct Plan {
    static let headerCount = 24

    let limits: RequestLimits
    let bodyLimit: Int
    /// Sizes of the pieces in which the stream comes, over and over.
    let cuts: [Int]
    /// What happens besides, over and over.
    let steps: [UInt8]
    let stream: [UInt8]

    /// Nil for what is too short to be one.
    init?(_ bytes: [UInt8]) {
        guard bytes.count > Self.headerCount else { return nil }
        var limits = RequestLimits()
        if bytes[0] & 1 != 0 {
            limits.requestLine = 16 + Int(bytes[0] >> 1)
            limits.headerBytes = 16 + Int(bytes[1])
            limits.headerCount = 1 + Int(bytes[1] % 8)
            limits.chunkLine = 4 + Int(bytes[1] % 32)
            limits.chunkExtensions = Int(bytes[1] % 16)
        }
        self.limits = limits
        bodyLimit = Int(bytes[2]) * 4
        cuts = bytes[3..<6].map { 1 + Int($0) % 64 }
        steps = Array(bytes[6..<Self.headerCount])
        stream = Array(bytes[Self.headerCount...])
    }

    /// The stream, cut as the plan wants it.
    var pieces: [ArraySlice<UInt8>] {
        var rest = stream[...]
        var pieces: [ArraySlice<UInt8>] = []
        while !rest.isEmpty {
            let piece = rest.prefix(cuts[pieces.count % cuts.count])
            pieces.append(piece)
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
