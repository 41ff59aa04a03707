/// A file on its way to a client.
struct OutgoingFile {
    enum Wait {
        case nothing
        /// The client is to take what was sent.
        case room
        /// A piece is read from the disk.
        case disk
        /// Other connections have their turn.
        case turn
    }

    let file: OpenFile
    /// What is still to be sent, or read.
    var rest: Range<Int>
    var wait = Wait.nothing
    /// Up to where it was read from the disk for this client.
    var loaded = 0

    init(_ file: OpenFile, _ range: Range<Int>) {
        self.file = file
        rest = range
    }
}
