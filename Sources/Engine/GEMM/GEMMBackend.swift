import Foundation

/// The numbers that matrix products multiply. Sums, and all else, are float32.
package enum Precision: String, Sendable, CaseIterable {
    case float32
    /// Factors are rounded to 8 significant bits.
    case bfloat16
}

/// What computes matrix products: the engine itself or a library.
package enum GEMMBackend: Sendable, Hashable {
    /// The engine's own kernels.
    case builtIn(InstructionSet)
    case openBLAS
    case oneDNN(Precision)

    /// Makes the backends of this process ready. Called at start-up, before other threads run (a library may set
    /// environment variables), and at latest by the first product, which stops the process where this throws.
    package static func load() throws {
        if try choice.get().float32 == .openBLAS { try OpenBLAS.load() }
    }

    /// Whether there is a backend for that precision.
    package static func has(_ precision: Precision) -> Bool {
        guard case .success(let choice) = choice else { return precision == .float32 }
        return choice[precision] != nil
    }

    /// The name of the backend of a precision and what it has chosen for the processor.
    package static func description(of precision: Precision) throws -> String {
        _ = try choice.get()
        return switch of(precision) {
        case .builtIn(let level): "Limbic's kernels for \(level.rawValue)"
        case .openBLAS: "\(try OpenBLAS.description), \(try OpenBLAS.core)"
        case .oneDNN: OneDNN.library?.description ?? ""
        }
    }

    var precision: Precision {
        switch self {
        case .builtIn(let level): level.precision
        case .openBLAS: .float32
        case .oneDNN(let precision): precision
        }
    }

    /// - Precondition: the machine has the precision.
    static func of(_ precision: Precision) -> GEMMBackend {
        switch choice {
        case .success(let choice):
            guard let backend = choice[precision] else { preconditionFailure("no products in \(precision.rawValue)") }
            return backend
        case .failure(let error): fatalError(error.description)
        }
    }

    private static let choice = choose(
        ProcessInfo.processInfo.environment["LIMBIC_GEMM"], InstructionSet.supported(by: .current),
        hasAMX: Processor.current.hasAMX, oneDNN: { precision in OneDNN.library?.has(precision) ?? false })

    /// A backend for each precision.
    struct Choice: Hashable {
        var float32: GEMMBackend
        /// Nil where there is none.
        var bfloat16: GEMMBackend?

        subscript(precision: Precision) -> GEMMBackend? { precision == .float32 ? float32 : bfloat16 }
    }

    /// The backend that is named; else the engine's own kernels where the processor has vectors wider than all have, but
    /// for bfloat16 oneDNN where the processor has tiles for it; else OpenBLAS, which has kernels for many more.
    ///
    /// - Parameter oneDNN: whether that is installed and has a precision; not asked where it does not matter.
    static func choose(
        _ name: String?, _ levels: [InstructionSet], hasAMX: Bool = false, oneDNN: (Precision) -> Bool = { _ in false }
    ) -> Result<Choice, GEMMBackendError> {
        let best = levels.last { $0.precision == .float32 } ?? .narrow
        let own = Choice(
            float32: .builtIn(best), bfloat16: levels.last { $0.precision == .bfloat16 }.map { .builtIn($0) })
        func library() -> GEMMBackend? { oneDNN(.bfloat16) ? .oneDNN(.bfloat16) : nil }
        switch name {
        case "openblas": return .success(Choice(float32: .openBLAS, bfloat16: nil))
        case "limbic": return .success(own)
        case "onednn":
            guard oneDNN(.float32) else { return .failure(.missing) }
            return .success(Choice(float32: .oneDNN(.float32), bfloat16: library()))
        case nil, "":
            guard best != .narrow else { return .success(Choice(float32: .openBLAS, bfloat16: nil)) }
            let tiles = hasAMX ? library() : nil
            return .success(Choice(float32: own.float32, bfloat16: tiles ?? own.bfloat16))
        case let name?: return .failure(.unknown(name))
        }
    }
}

/// What is wrong with `LIMBIC_GEMM`.
package enum GEMMBackendError: Error, CustomStringConvertible {
    case unknown(String)
    case missing

    package var description: String {
        switch self {
        case .unknown(let name): "LIMBIC_GEMM: \(name) is none of limbic, openblas, onednn"
        case .missing: "LIMBIC_GEMM: oneDNN cannot be loaded; on Debian and Ubuntu, install the package libdnnl2"
        }
    }
}
