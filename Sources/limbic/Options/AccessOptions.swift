import ArgumentParser
import Foundation
import Service

/// Who may ask, and how often.
struct AccessOptions: ParsableArguments {
    @Flag(help: Settings.allowAnonymous.help)
    var allowAnonymous = false
    @Option(help: Settings.rateLimit.help)
    var rateLimit: Int?
    @Option(help: Settings.corsOrigins.help)
    var corsOrigins: String?

    func apply(to configuration: inout ServiceConfiguration) throws {
        configuration.allowsAnonymous = try Settings.allowAnonymous.value(allowAnonymous ? true : nil)
        configuration.rateLimit = try Settings.rateLimit.optionalValue(rateLimit, in: 1...1_000_000)
        configuration.corsOrigins = try origins()
    }

    private func origins() throws -> [String] {
        try (Settings.corsOrigins.optionalValue(corsOrigins) ?? "").split(separator: ",").map { part in
            let origin = part.trimmingCharacters(in: .whitespaces)
            guard CORSPolicy.isValid(origin) else {
                throw Settings.corsOrigins.error(
                    corsOrigins,
                    "'\(origin)' is neither * nor an origin such as https://app.example or http://localhost:3000")
            }
            return origin
        }
    }
}

extension Settings {
    static let allowAnonymous = Setting(
        "LIMBIC_ALLOW_ANONYMOUS",
        default: false,
        "Whether everyone may ask for everything while there is no key that holds, also beyond loopback and after the last "
            + "key was revoked"
    )
    static let rateLimit = Setting<Int>(
        "LIMBIC_RATE_LIMIT",
        otherwise: "any number",
        "Requests a minute of each key that has no limit of its own; more are answered 429"
    )
    static let corsOrigins = Setting<String>(
        "LIMBIC_CORS_ORIGINS",
        otherwise: "none",
        "Origins, separated by commas, whose pages browsers let read the answers, such as https://app.example, or * for all"
    )
}
