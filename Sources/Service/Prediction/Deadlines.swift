import Dispatch
import Platform

/// Answers predictions whose time is over, some milliseconds after it is. One timer for all, which runs while there are any.
final class Deadlines: Sendable {
    private struct State {
        var watched: [ObjectIdentifier: PendingPrediction] = [:]
        var isTicking = false
    }

    private static let tick = DispatchTimeInterval.milliseconds(10)

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "limbic.predict.deadlines", qos: .userInitiated)

    func watch(_ pending: PendingPrediction) {
        let begins = state.withLock { state in
            state.watched[ObjectIdentifier(pending)] = pending
            defer { state.isTicking = true }
            return !state.isTicking
        }
        if begins { tickLater() }
    }

    func forget(_ pending: PendingPrediction) {
        state.withLock { _ = $0.watched.removeValue(forKey: ObjectIdentifier(pending)) }
    }

    private func tickLater() {
        queue.asyncAfter(deadline: .now() + Self.tick) { self.tick() }
    }

    private func tick() {
        let (late, goesOn) = state.withLock { state in
            let late = state.watched.filter(\.value.isLate)
            // Also those that were answered before they came here.
            for key in late.keys { state.watched[key] = nil }
            state.isTicking = !state.watched.isEmpty
            return (Array(late.values), state.isTicking)
        }
        for pending in late { pending.giveUp() }
        if goesOn { tickLater() }
    }
}
