import Platform
import Testing

@testable import Jobs

struct StopWatchTests {
    private struct Unreadable: Error {}

    @Test func aLookThatFailsIsRepeated() async {
        // One announcement, and a store that cannot be read the first three times.
        let (requests, continuation) = AsyncStream<Void>.makeStream()
        continuation.yield()
        let looks = Mutex(0)
        let watch = StopWatch(requests: requests) {
        } state: {
            let count = looks.withLock { looks in
                looks += 1
                return looks
            }
            if count < 4 { throw Unreadable() }
            return .pausing
        }
        #expect(await watch.wait() == .paused)
        #expect(looks.withLock { $0 } == 4)
    }

    @Test func endsWithItsStream() async {
        let (requests, continuation) = AsyncStream<Void>.makeStream()
        continuation.yield()
        continuation.finish()
        #expect(
            await StopWatch(requests: requests) {
            } state: {
                .running
            }.wait() == nil)
    }
}
