/// What carries the bytes of a connection: a socket as it is, or TLS over it. Nothing in it waits.
enum Transport {
    case plain(Socket)
    case tls(TLSConnection)

    enum Outcome {
        /// So many bytes were moved. `isLast`: no more can be for now.
        case bytes(Int, isLast: Bool)
        /// Nothing now; the descriptor will become ready.
        case wouldBlock
        /// The peer has closed its side.
        case end
        case failed
    }

    var descriptor: Int32 {
        switch self {
        case .plain(let socket): socket.descriptor
        case .tls(let connection): connection.socket.descriptor
        }
    }

    /// Whether it is not known yet who speaks.
    var isHandshaking: Bool {
        switch self {
        case .plain: false
        case .tls(let connection): connection.isHandshaking
        }
    }

    /// Whether the peer is told that there will be no more before the connection is closed.
    var saysGoodbye: Bool {
        switch self {
        case .plain: false
        case .tls: true
        }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        switch self {
        case .plain(let socket): socket.receive(into: buffer)
        case .tls(let connection): connection.receive(into: buffer)
        }
    }

    /// Takes some of what has come and drops it.
    ///
    /// - Parameter scratch: room for what cannot be dropped without a look at it.
    func discard(_ scratch: UnsafeMutableRawBufferPointer) -> Outcome {
        switch self {
        case .plain(let socket): socket.discard(scratch.count)
        case .tls(let connection): connection.receive(into: scratch)
        }
    }

    /// - Parameter more: more will follow at once, so a half-full packet may wait for it.
    func send(_ bytes: UnsafeRawBufferPointer, more: Bool = false) -> Outcome {
        switch self {
        case .plain(let socket): socket.send(bytes, more: more)
        case .tls(let connection): connection.send(bytes)
        }
    }

    /// Tells the peer that nothing more will come.
    func finishSending() {
        switch self {
        case .plain(let socket): socket.finishSending()
        case .tls(let connection): connection.finishSending()
        }
    }

    func close() {
        switch self {
        case .plain(let socket): socket.close()
        case .tls(let connection): connection.close()
        }
    }
}
