import Platform
import Testing

@testable import Jobs

struct CancellationWatchTests {
    private struct Unreadable: Error {}

    @Test func aLookThatFailsIsRepeated() async {
        // One announcement, and a store that cannot be read the first three times.
        let (requests, continuation) = AsyncStream<Void>.makeStream()
        continuation.yield()
        let looks = Mutex(0)
        let watch = CancellationWatch(requests: requests, retryDelay: .milliseconds(1)) {
            let count = looks.withLock { looks in
                looks += 1
                return looks
            }
            if count < 4 { throw Unreadable() }
            return true
        }
        #expect(await watch.wait())
        #expect(looks.withLock { $0 } == 4)
    }

    @Test func endsWithItsStream() async {
        let (requests, continuation) = AsyncStream<Void>.makeStream()
        continuation.yield()
        continuation.finish()
        #expect(await CancellationWatch(requests: requests, retryDelay: .zero) { false }.wait() == false)
    }
}
