import ArgumentParser
import Foundation

/// A setting that is given by a flag, else by an environment variable, else by its default.
///
/// ```swift
/// @Option(help: Settings.port.help)
/// var port: Int?
/// …
/// let port = try Settings.port.value(port)
/// ```
struct Setting<Value: ExpressibleByArgument & Sendable>: Sendable {
    /// Name of the environment variable.
    let variable: String
    /// nil where a command works out the value itself when none is given.
    let fallback: Value?
    private let summary: String
    private let fallbackText: String
    /// Whether an empty value is refused, and not taken for none at all: that of a path comes of a variable that is not set,
    /// and would stand for the working directory.
    private let isPath: Bool

    init(_ variable: String, default fallback: Value, isPath: Bool = false, _ summary: String) {
        self.isPath = isPath
        self.variable = variable
        self.fallback = fallback
        self.summary = summary
        fallbackText = fallback.defaultValueDescription
    }

    /// A setting without a fixed default; `fallback` says in words what happens without it.
    init(_ variable: String, otherwise fallback: String, isPath: Bool = false, _ summary: String) {
        self.isPath = isPath
        self.variable = variable
        self.fallback = nil
        self.summary = summary
        fallbackText = fallback
    }

    /// The flag that goes with the variable.
    private var option: String {
        "--" + variable.dropFirst("LIMBIC_".count).lowercased().replacingOccurrences(of: "_", with: "-")
    }

    /// What is wrong with a value, and where it came from.
    func error(_ flag: Value?, _ reason: String) -> ValidationError {
        ValidationError("\(flag == nil ? variable : option): \(reason)")
    }

    var help: ArgumentHelp {
        ArgumentHelp("\(summary). (environment: \(variable), default: \(fallbackText))")
    }

    /// The value that holds, or nil where there is neither flag nor variable nor default.
    ///
    /// - Throws: `ValidationError` when the variable cannot be read, and for a path that is empty.
    func optionalValue(_ flag: Value?) throws -> Value? {
        let text = ProcessInfo.processInfo.environment[variable]
        if isPath, let path = flag as? String ?? (flag == nil ? text : nil), path.allSatisfy(\.isWhitespace) {
            throw error(flag, "the path is empty")
        }
        if let flag { return flag }
        // An empty variable is one that somebody wanted to unset.
        guard let text, !text.isEmpty else { return fallback }
        guard let value = Value(argument: text) else {
            throw error(nil, "'\(text)' is not a value of this setting")
        }
        return value
    }

    /// The value that holds, of a setting with a default.
    func value(_ flag: Value?) throws -> Value {
        guard let value = try optionalValue(flag) else {
            preconditionFailure("\(variable) has no default")
        }
        return value
    }
}

extension Setting<Int> {
    /// The value that holds, which is at least `least`.
    func value(_ flag: Int?, atLeast least: Int) throws -> Int {
        let value = try value(flag)
        guard value >= least else { throw error(flag, "must be at least \(least), not \(value)") }
        return value
    }

    /// The value that holds, or nil, which lies in `range`.
    func optionalValue(_ flag: Int?, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = try optionalValue(flag) else { return nil }
        guard range.contains(value) else {
            throw error(flag, "must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        return value
    }
}

/// The settings that several subcommands share.
enum Settings {
    static let threads = Setting(
        "LIMBIC_THREADS",
        default: ProcessInfo.processInfo.activeProcessorCount,
        "Threads of the engine, at least 1"
    )
}
