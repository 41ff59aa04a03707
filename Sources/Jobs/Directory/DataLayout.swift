/// The names of what lies in a data directory beside the database, relative to it.
///
/// | path | holds |
/// |---|---|
/// | `incoming/…` | uploads under way |
/// | `datasets/<id>/…` | the files of splits |
/// | `work/<job>-<attempt>/…` | what a running attempt writes |
/// | `checkpoints/<job>/…` | the checkpoints of a job |
/// | `models/<name>/…` | the directories of versions |
/// | `logs/<job>.log` | what a job's workers said on standard error |
package enum DataLayout {
    /// Written to learn whether the disk has room.
    package static let probe = "limbic.health"
    package static let folders = ["incoming", "datasets", "work", "checkpoints", "models", "logs"]

    package static func incoming(_ name: String) -> String { "incoming/\(name)" }
    /// What is made of an upload while it is checked: the file that its clips are packed in, and one to make that with.
    package static func packing(_ name: String) -> [String] {
        ["packed", "scratch"].map { "\(incoming(name)).\($0)" }
    }
    package static func dataset(_ id: String) -> String { "datasets/\(id)" }
    package static func work(_ attempt: AttemptToken) -> String { "work/\(attempt.job)-\(attempt.attempt)" }
    package static func checkpoints(job: String) -> String { "checkpoints/\(job)" }
    package static func model(_ name: String) -> String { "models/\(name)" }
    package static func log(job: String) -> String { "logs/\(job).log" }
}
