import Foundation

/// What computes matrix products.
package enum MatrixProvider: Sendable, Hashable {
    /// The engine's own kernels.
    case builtIn(KernelLevel)
    case openBLAS

    /// Makes the provider of this process ready. Called at start-up, before other threads run (a library may set
    /// environment variables), and at latest by the first product, which stops the process where this throws.
    package static func load() throws {
        if case .openBLAS = try choice.get() { try OpenBLAS.load() }
    }

    /// The name of the provider of this process and what it has chosen for the processor.
    package static var description: String {
        get throws {
            switch try choice.get() {
            case .builtIn(let level): "Limbic's kernels for \(level.rawValue)"
            case .openBLAS: "\(try OpenBLAS.description), \(try OpenBLAS.core)"
            }
        }
    }

    static let current: MatrixProvider = {
        switch choice {
        case .success(let provider): provider
        case .failure(let error): fatalError(error.description)
        }
    }()

    private static let choice = choose(
        ProcessInfo.processInfo.environment["LIMBIC_GEMM"], KernelLevel.supported(by: .current))

    /// The provider that is named, else the engine's own kernels where the processor has vectors wider than all have,
    /// else OpenBLAS, which has kernels for many more.
    static func choose(
        _ name: String?, _ levels: [KernelLevel]
    ) -> Result<MatrixProvider, MatrixProviderError> {
        let best = levels.last ?? .narrow
        switch name {
        case "openblas": return .success(.openBLAS)
        case "limbic": return .success(.builtIn(best))
        case nil, "": return .success(best == .narrow ? .openBLAS : .builtIn(best))
        case let name?: return .failure(MatrixProviderError(name: name))
        }
    }
}

/// `LIMBIC_GEMM` names no provider.
package struct MatrixProviderError: Error, CustomStringConvertible {
    let name: String

    package var description: String { "LIMBIC_GEMM: \(name) is none of limbic, openblas" }
}
