import Foundation
import Logging
import Platform
import Testing

/// Where lines go, which can be made to stand still.
private final class Sink: Sendable {
    let written = Mutex<[UInt8]>([])
    let gate = DispatchSemaphore(value: 0)
    /// Signalled when a write has come to the gate.
    let arrived = DispatchSemaphore(value: 0)
    let isStuck: Bool

    init(isStuck: Bool = false) { self.isStuck = isStuck }

    func take(_ bytes: [UInt8]) {
        if isStuck {
            arrived.signal()
            gate.wait()
            gate.signal()
        }
        written.withLock { $0 += bytes }
    }

    var lines: [String] {
        String(decoding: written.withLock { $0 }, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

struct LogWriterTests {
    private static func make(_ sink: Sink, _ format: LogFormat = .text, capacity: Int = 1 << 20) -> LogWriter {
        LogWriter(format: format, capacity: capacity, clock: WallClock { 784_111_777_999 }, sink: sink.take)
    }

    @Test func linesComeOutInTheOrderTheyWentIn() {
        let sink = Sink()
        let writer = Self.make(sink)
        for number in 0..<1000 { writer.line(isUrgent: number % 7 == 0) { $0 += "line \(number)".utf8 } }
        #expect(writer.flush())
        #expect(sink.lines == (0..<1000).map { "1994-11-06T08:49:37Z line \($0)" })
    }

    @Test func aSinkThatStandsStillHoldsNobodyUpAndTheLostAreCounted() {
        let sink = Sink(isStuck: true)
        let writer = Self.make(sink, capacity: 300)
        writer.line(isUrgent: true) { $0 += "first".utf8 }
        sink.arrived.wait()
        // Each line has 30 bytes: ten fit beside the one that is being written.
        for number in 100..<1100 { writer.line(isUrgent: number % 2 == 0) { $0 += "line \(number)".utf8 } }
        #expect(!writer.flush(limit: 0))
        sink.gate.signal()
        #expect(writer.flush(limit: 60))
        writer.line(isUrgent: true) { $0 += "last".utf8 }
        #expect(writer.flush(limit: 60))
        let time = "1994-11-06T08:49:37Z"
        #expect(
            sink.lines == ["\(time) first"] + (100..<110).map { "\(time) line \($0)" }
                + ["990 lines were not logged: the log was not taken", "\(time) last"]
        )
    }

    @Test func manyMayLogAtOnce() {
        let sink = Sink()
        let writer = Self.make(sink)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<500 { writer.line(isUrgent: number % 3 == 0) { $0 += "\(thread) \(number)".utf8 } }
        }
        #expect(writer.flush(limit: 60))
        let pairs = sink.lines.map { $0.split(separator: " ").dropFirst().compactMap { Int($0) } }
        for thread in 0..<8 { #expect(pairs.filter { $0[0] == thread }.map { $0[1] } == Array(0..<500)) }
    }

    @Test func aDescriptorThatCannotBeWrittenIsGivenUp() {
        let writer = LogWriter(descriptor: -1)
        writer.line(isUrgent: true) { $0 += "x".utf8 }
        #expect(writer.flush(limit: 60))
    }

    @Test func loggersWriteLinesOfPairs() {
        let sink = Sink()
        let writer = Self.make(sink)
        var logger = Logger(label: "test") { _ in LineLogHandler(writer: writer) }
        logger[metadataKey: "job"] = "j1"
        logger.debug("not written")
        logger.info("attempt started", metadata: ["attempt": "1", "error": "two words\nand \"lines\""])
        logger.warning("a\nb", metadata: ["job": "j2", "empty": ""])
        writer.flush(limit: 60)
        #expect(
            sink.lines == [
                "1994-11-06T08:49:37Z info attempt started attempt=1 error=\"two words\\nand \\\"lines\\\"\" job=j1",
                "1994-11-06T08:49:37Z warning \"a\\nb\" empty=\"\" job=j2",
            ]
        )
    }

    @Test func loggersWriteAnObjectALine() {
        let sink = Sink()
        let writer = Self.make(sink, .json)
        var logger = Logger(label: "test") { _ in LineLogHandler(writer: writer) }
        logger[metadataKey: "job"] = "j1"
        logger.info(
            "two\nlines, \"quoted\" \\ \u{1}é", metadata: ["time": "now", "list": ["a", ["b": "c", "d": "e"]]])
        logger.error("failed", error: SystemError("open", code: 2), metadata: ["number": "\(7)"])
        writer.flush(limit: 60)
        let start = #"{"time":"1994-11-06T08:49:37Z","level":"#
        #expect(
            sink.lines == [
                start
                    + #""info","message":"two\nlines, \"quoted\" \\ \u0001é","job":"j1","list":["a",{"b":"c","d":"e"}],"time_":"now"}"#,
                start
                    + #""error","message":"failed","error":"\#(SystemError("open", code: 2))","job":"j1","number":"7"}"#,
            ])
    }

    @Test func theLostAreCountedInAnObject() {
        let sink = Sink(isStuck: true)
        let writer = Self.make(sink, .json, capacity: 1)
        writer.line(isUrgent: true) { $0 += #""a":1"#.utf8 }
        sink.arrived.wait()
        for _ in 0..<3 { writer.line(isUrgent: true) { $0 += #""b":1"#.utf8 } }
        sink.gate.signal()
        #expect(writer.flush(limit: 60))
        let start = #"{"time":"1994-11-06T08:49:37Z","#
        let about = #""level":"warning","message":"lines were not logged: the log was not taken","count":"2"}"#
        #expect(sink.lines == [start + #""a":1}"#, start + #""b":1}"#, start + about])
    }
}
