import Dispatch
import Foundation
import Synchronization

/// Turns the first SIGINT or SIGTERM into a flag that a loop looks at. The second one ends the process at once.
final class Interruption {
    private final class Flag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    private let flag = Flag()
    private let sources: [any DispatchSourceSignal]

    init() {
        let queue = DispatchQueue(label: "limbic.signals")
        sources = [SIGINT, SIGTERM].map { [flag] number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if flag.isSet.exchange(true, ordering: .relaxed) { _exit(Failure.Code.interrupted.rawValue) }
            }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }

    /// What to end the work with once a signal has come, nil before; `place` says where the work stopped.
    func failure(_ place: @autoclosure () -> String) -> Failure? {
        guard flag.isSet.load(ordering: .relaxed) else { return nil }
        return Failure(.interrupted, "stopped \(place())")
    }
}
