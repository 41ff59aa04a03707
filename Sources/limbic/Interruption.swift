import Dispatch
import Foundation
import Synchronization

/// Turns the first SIGINT or SIGTERM into a flag that a loop looks at. The second one ends the process at once.
final class Interruption: Sendable {
    private let received = Atomic<Bool>(false)
    private let sources = Mutex<[any DispatchSourceSignal]>([])

    init() {
        let queue = DispatchQueue(label: "limbic.signals")
        let made = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [weak self] in
                signal(number, SIG_DFL)
                self?.received.store(true, ordering: .relaxed)
            }
            source.resume()
            return source
        }
        sources.withLock { $0 = made }
    }

    deinit {
        for source in sources.withLock({ $0 }) { source.cancel() }
    }

    /// - Throws: ``Failure`` once a signal has come; `place` says where the work stopped.
    func check(_ place: @autoclosure () -> String) throws {
        guard received.load(ordering: .relaxed) else { return }
        throw Failure(.interrupted, "stopped \(place())")
    }
}
