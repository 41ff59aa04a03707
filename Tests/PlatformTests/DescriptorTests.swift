import Foundation
import Platform
import Testing

struct DescriptorTests {
    /// The two ends of a new pipe.
    static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        guard Foundation.pipe(&ends) == 0 else { throw SystemError("pipe") }
        return (ends[0], ends[1])
    }

    /// A pipe takes 64 KiB at once, and a non-blocking one says so: a single write does not do.
    @Test(arguments: [false, true])
    func writesAllToAPipeThatIsReadSlowly(isNonBlocking: Bool) throws {
        let (reading, writing) = try Self.pipe()
        if isNonBlocking { #expect(fcntl(writing, F_SETFL, O_NONBLOCK) == 0) }
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let read = Mutex<[UInt8]>([])
        let isRead = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 1000)
            while case let count = Foundation.read(reading, &buffer, buffer.count), count > 0 {
                read.withLock { $0 += buffer[..<count] }
            }
            isRead.signal()
        }
        try Descriptor.writeAll(bytes, to: writing)
        close(writing)
        isRead.wait()
        close(reading)
        #expect(read.withLock { $0 } == bytes)
    }

    @Test func saysWhyItCannotWrite() throws {
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let error = try #require(throws: SystemError.self) {
            try Descriptor.writeAll([1, 2, 3] as [UInt8], to: descriptor)
        }
        #expect(error == SystemError("write", code: ENOSPC) && error.isFull)
        #expect(error.description == "write: No space left on device")
        #expect(throws: SystemError("write", code: EBADF)) { try Descriptor.writeAll([1] as [UInt8], to: -1) }
    }

    @Test func nothingIsWrittenAtOnce() throws {
        try Descriptor.writeAll([UInt8](), to: -1)
    }
}
