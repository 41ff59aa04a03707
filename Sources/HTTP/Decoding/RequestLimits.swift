/// What the decoder takes before it refuses a request. Sizes are in bytes.
package struct RequestLimits: Sendable, Equatable {
    /// Request line without its end of line; more is answered 414.
    package var requestLine = 8 * 1024
    /// All field lines of the header, or of the trailers, together; more is answered 431.
    package var headerBytes = 32 * 1024
    /// Fields of the header, or of the trailers; more is answered 431.
    package var headerCount = 100
    /// One chunk-size line with its extensions; more is answered 400.
    package var chunkLine = 256
    /// Chunk extensions of a whole body; more is answered 400.
    package var chunkExtensions = 4 * 1024

    package init() {}
}
