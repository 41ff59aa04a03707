import ArgumentParser
import Emotion

/// How often commands that train save where they are.
struct CheckpointOptions: ParsableArguments {
    @Option(help: "Seconds from one checkpoint to the next; 0 for none by time.")
    var checkpointSeconds = 60.0

    @Option(help: "Steps from one checkpoint to the next.")
    var checkpointEvery: Int?

    func validate() throws {
        guard checkpointSeconds.isFinite, checkpointSeconds >= 0 else {
            throw ValidationError("--checkpoint-seconds \(checkpointSeconds) is not a time")
        }
        if let checkpointEvery, checkpointEvery < 1 {
            throw ValidationError("--checkpoint-every \(checkpointEvery) is not positive")
        }
    }

    var policy: CheckpointPolicy {
        CheckpointPolicy(
            everySteps: checkpointEvery, everySeconds: checkpointSeconds > 0 ? checkpointSeconds : nil)
    }
}
