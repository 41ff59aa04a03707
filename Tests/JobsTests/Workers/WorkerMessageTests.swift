import Foundation
import JSON
import Testing

@testable import Jobs

@Suite struct WorkerMessageTests {
    @Test(arguments: [
        (
            WorkerMessage.progress(JobProgress(step: 12, steps: 400, epoch: 0, epochs: 10, clipsPerSecond: 310.5)),
            #"{"clips_per_second":310.5,"epoch":0,"epochs":10,"step":12,"steps":400,"type":"progress"}"#
        ),
        (
            .progress(JobProgress(step: 1, steps: 2, epoch: 0, epochs: 1, clipsPerSecond: .infinity)),
            #"{"epoch":0,"epochs":1,"step":1,"steps":2,"type":"progress"}"#
        ),
        (
            .metric(name: "train_loss", step: 12, value: 0.25),
            #"{"name":"train_loss","step":12,"type":"metric","value":0.25}"#
        ),
        (
            .event(number: nil, kind: "epoch", document: Data(#"{"a":[1,null,true,"x/y"],"b":{"c":0.5}}"#.utf8)),
            #"{"document":{"a":[1,null,true,"x/y"],"b":{"c":0.5}},"kind":"epoch","type":"event"}"#
        ),
        (
            .event(number: 3, kind: "epoch", document: Data("{}".utf8)),
            #"{"document":{},"kind":"epoch","number":3,"type":"event"}"#
        ),
        (
            .checkpoint(
                .init(
                    name: "checkpoint-8.safetensors", step: 8, epoch: 1, digest: "sha256:00", byteCount: 5,
                    document: Data(#"{"history":2}"#.utf8))),
            #"{"byte_count":5,"digest":"sha256:00","document":{"history":2},"epoch":1,"#
                + #""name":"checkpoint-8.safetensors","step":8,"type":"checkpoint"}"#
        ),
        (.heartbeat, #"{"type":"heartbeat"}"#),
        (.result(document: Data("{}".utf8)), #"{"document":{},"type":"result"}"#),
        (.failure(message: "no\nlabels"), #"{"message":"no\nlabels","type":"failure"}"#),
    ])
    func travelsAsALine(message: WorkerMessage, line: String) throws {
        #expect(String(decoding: try message.line(), as: UTF8.self) == line + "\n")
        #expect(try WorkerMessage(line: Data(line.utf8)) == message)
    }

    @Test func notANumberTravelsAsNull() throws {
        let line = try WorkerMessage.metric(name: "loss", step: 1, value: .nan).line()
        #expect(String(decoding: line, as: UTF8.self) == "{\"name\":\"loss\",\"step\":1,\"type\":\"metric\"}\n")
        for text in [String(decoding: line, as: UTF8.self), #"{"type":"metric","name":"l","step":1,"value":null}"#] {
            guard case .metric(_, 1, let value) = try WorkerMessage(line: Data(text.utf8)) else {
                Issue.record("\(text) is not a metric")
                return
            }
            #expect(value.isNaN)
        }
    }

    @Test(arguments: ["", ".", "../model", "a/b", "/etc/passwd", ".hidden", "a\u{0}"])
    func aCheckpointLiesInItsDirectory(name: String) throws {
        let checkpoint = WorkerMessage.Checkpoint(
            name: name, step: 1, epoch: 0, digest: "", byteCount: 1, document: Data("{}".utf8))
        let line = try WorkerMessage.checkpoint(checkpoint).line()
        #expect(throws: DecodingError.self) { try WorkerMessage(line: line) }
    }

    @Test func documentsMustBeObjects() {
        #expect(throws: JSONError.self) { try WorkerMessage.result(document: Data("[1]".utf8)).line() }
    }
}
