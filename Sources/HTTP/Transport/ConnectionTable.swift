/// The connections of an event queue, each by a token that never means another: news of a connection that has ended find
/// nothing.
struct ConnectionTable {
    private struct Slot {
        var connection: Connection?
        /// The connection's own, where a sweep finds it without a look at each connection.
        var deadline = UInt64.max
        var generation: UInt32 = 0
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    var count: Int { slots.count - free.count }

    /// The connections at the time of the call.
    var all: [Connection] { slots.compactMap(\.connection) }

    mutating func insert(_ connection: Connection) -> Poller.Token {
        let index = free.popLast() ?? UInt32(slots.count)
        if Int(index) == slots.count { slots.append(Slot()) }
        // From 1 on, so that a token is larger than those that stand for no connection.
        slots[Int(index)].generation &+= slots[Int(index)].generation == .max ? 2 : 1
        slots[Int(index)].connection = connection
        slots[Int(index)].deadline = connection.deadline
        return Poller.Token(slots[Int(index)].generation) << 32 | Poller.Token(index)
    }

    mutating func setDeadline(of connection: Connection) {
        slots[Int(truncatingIfNeeded: connection.token & 0xFFFF_FFFF)].deadline = connection.deadline
    }

    /// The connections whose deadline has passed.
    func expired(at time: UInt64) -> [Connection] {
        slots.indices.filter { slots[$0].deadline <= time }.compactMap { slots[$0].connection }
    }

    mutating func remove(_ token: Poller.Token) {
        let index = Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
        slots[index].connection = nil
        slots[index].deadline = .max
        free.append(UInt32(index))
    }

    /// Nil when it has ended.
    subscript(token: Poller.Token) -> Connection? {
        let slot = slots[Int(truncatingIfNeeded: token & 0xFFFF_FFFF)]
        return slot.generation == UInt32(token >> 32) ? slot.connection : nil
    }
}
