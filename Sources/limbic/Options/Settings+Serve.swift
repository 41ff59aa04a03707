import ArgumentParser
import Emotion
import Foundation
import Platform

extension Settings {
    static let dataDirectory = Setting(
        "LIMBIC_DATA_DIR",
        default: ".limbic",
        isPath: true,
        "Directory of the database and all files, made when missing; one that holds something else is refused"
    )
    static let keepJobs = Setting<Int>(
        "LIMBIC_KEEP_JOBS",
        otherwise: "for ever",
        "Days for which jobs stay after they are over, with their history and checkpoints; models and sweeps stay"
    )
    static let maxUploadSize = Setting(
        "LIMBIC_MAX_UPLOAD_SIZE",
        default: 32 << 30,
        "Largest file of a split, in bytes, also when unpacked"
    )
    static let maxPredictSize = Setting(
        "LIMBIC_MAX_PREDICT_SIZE",
        default: 64 << 20,
        "Largest body of a prediction, in bytes"
    )
    static let maxClipUnits = Setting(
        "LIMBIC_MAX_CLIP_UNITS",
        default: 4096,
        "Most units of a clip to predict, over all modalities; time grows with the square of it"
    )
    static let maxPredictions = Setting(
        "LIMBIC_MAX_PREDICTIONS",
        default: 256,
        "Most requests for predictions under way; who asks for more is told to come again (429)"
    )
    static let precision = Setting<PredictionPrecision>(
        "LIMBIC_PRECISION",
        otherwise: "that of each model's training",
        "Numbers that products of predictions multiply: auto, float32, bfloat16 or int8"
    )
    static let modelMemory = Setting(
        "LIMBIC_MODEL_MEMORY",
        default: 4 << 30,
        "What the weights of the models kept in memory may take, in bytes"
    )
    static let allowedHosts = Setting<String>(
        "LIMBIC_ALLOWED_HOSTS",
        otherwise: "none",
        "Host names, separated by commas, that the server answers to besides localhost; needed on loopback behind a proxy"
    )
    static let drainSeconds = Setting(
        "LIMBIC_DRAIN_SECONDS",
        default: 8,
        "Seconds for requests under way and for workers, together, when the server stops"
    )
    static let shutdownDelay = Setting(
        "LIMBIC_SHUTDOWN_DELAY",
        default: 1,
        "Seconds for which a server that was told to stop still takes requests, while /v2/health/ready says 503, so that a "
            + "balancer can learn of it"
    )
    static let logLevel = Setting(
        "LIMBIC_LOG_LEVEL",
        default: "info",
        "Least level that is logged: trace, debug, info, notice, warning, error or critical"
    )
    static let logFormat = Setting(
        "LIMBIC_LOG_FORMAT",
        default: LogFormat.text,
        "Lines of the log: text, or json for an object a line with time, level, message and the rest as members"
    )
    static let migrations = Setting<String>(
        "LIMBIC_MIGRATIONS",
        otherwise: "the first Migrations there is, see below",
        isPath: true,
        "Directory of the numbered SQL files"
    )
    static let publicDirectory = Setting<String>(
        "LIMBIC_PUBLIC",
        otherwise: "the first Public there is, see below",
        isPath: true,
        "Directory of the dashboard"
    )
}

extension LogFormat: ExpressibleByArgument {}

/// Finds the folders that belong to the program but are not in it.
enum SupportFiles {
    static let searchOrder = """
        The folders Migrations and Public are looked for in the working directory, beside the program, in the directories \
        above the program, in ../share/limbic seen from the program, and in /usr/local/share/limbic, in this order.
        """

    /// The path of this program.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// The folder that `setting` names, else the first one called `name` in the search order.
    ///
    /// - Throws: `ValidationError` when there is none.
    static func folder(_ name: String, _ setting: String?) throws -> URL {
        if let setting {
            guard isFolder(setting) else { throw ValidationError("\(setting) is not a directory") }
            return URL(filePath: setting)
        }
        guard let root = roots.first(where: { isFolder("\($0)/\(name)") }) else {
            throw ValidationError("there is no folder \(name); name it with --\(name.lowercased())")
        }
        return URL(filePath: "\(root)/\(name)")
    }

    private static var roots: [String] {
        var roots = [FileManager.default.currentDirectoryPath]
        var folder = (executable as NSString).deletingLastPathComponent
        let share = ((folder as NSString).deletingLastPathComponent as NSString).appendingPathComponent("share/limbic")
        while folder.count > 1 {
            roots.append(folder)
            folder = (folder as NSString).deletingLastPathComponent
        }
        return roots + [share, "/usr/local/share/limbic"]
    }

    private static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}
