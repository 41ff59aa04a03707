import Foundation

/// What computes matrix products.
package enum MatrixProvider: Sendable, Hashable {
    /// The engine's own kernels.
    case builtIn(KernelLevel)
    case openBLAS

    /// Makes the providers of this process ready. Called at start-up, before other threads run (a library may set
    /// environment variables), and at latest by the first product, which stops the process where this throws.
    package static func load() throws {
        let choice = try choice.get()
        if choice.float32 == .openBLAS { try OpenBLAS.load() }
    }

    /// Whether there is a provider of products in that precision.
    package static func has(_ precision: Precision) -> Bool {
        guard case .success(let choice) = choice else { return precision == .float32 }
        return choice[precision] != nil
    }

    /// The name of the provider of a precision and what it has chosen for the processor.
    package static func description(of precision: Precision) throws -> String {
        _ = try choice.get()
        return switch of(precision) {
        case .builtIn(let level): "Limbic's kernels for \(level.rawValue)"
        case .openBLAS: "\(try OpenBLAS.description), \(try OpenBLAS.core)"
        }
    }

    var precision: Precision {
        switch self {
        case .builtIn(let level): level.precision
        case .openBLAS: .float32
        }
    }

    /// - Precondition: the machine has the precision.
    static func of(_ precision: Precision) -> MatrixProvider {
        switch choice {
        case .success(let choice):
            guard let provider = choice[precision] else { preconditionFailure("no products in \(precision.rawValue)") }
            return provider
        case .failure(let error): fatalError(error.description)
        }
    }

    private static let choice = choose(
        ProcessInfo.processInfo.environment["LIMBIC_GEMM"], KernelLevel.supported(by: .current))

    /// A provider for each precision.
    struct Choice: Hashable {
        var float32: MatrixProvider
        /// Nil where there is none.
        var bfloat16: MatrixProvider?

        subscript(precision: Precision) -> MatrixProvider? { precision == .float32 ? float32 : bfloat16 }
    }

    /// The provider that is named, else the engine's own kernels where the processor has vectors wider than all have,
    /// else OpenBLAS, which has kernels for many more.
    static func choose(_ name: String?, _ levels: [KernelLevel]) -> Result<Choice, MatrixProviderError> {
        let best = levels.last { $0.precision == .float32 } ?? .narrow
        let own = Choice(
            float32: .builtIn(best), bfloat16: levels.last { $0.precision == .bfloat16 }.map { .builtIn($0) })
        switch name {
        case "openblas": return .success(Choice(float32: .openBLAS, bfloat16: nil))
        case "limbic": return .success(own)
        case nil, "": return .success(best == .narrow ? Choice(float32: .openBLAS, bfloat16: nil) : own)
        case let name?: return .failure(MatrixProviderError(name: name))
        }
    }
}

/// `LIMBIC_GEMM` names no provider.
package struct MatrixProviderError: Error, CustomStringConvertible {
    let name: String

    package var description: String { "LIMBIC_GEMM: \(name) is none of limbic, openblas" }
}
