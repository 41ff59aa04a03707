import Foundation

/// What the bytes of a run are tried on.
enum Target: String {
    /// ``RequestDecoder``, and ``ConnectionState`` driven by what it finds.
    case requests
    /// The small languages of fields and targets.
    case values

    static let current: Target = {
        let name = ProcessInfo.processInfo.environment["TARGET"] ?? ""
        guard let target = Target(rawValue: name) else { fatalError("TARGET is requests or values, not '\(name)'") }
        return target
    }()
}

/// Called by libFuzzer with each input; what does not hold ends the process, and libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    switch Target.current {
    case .requests:
        guard let plan = Plan(bytes) else { return -1 }
        checkDecoder(plan)
        checkConnection(plan)
    case .values:
        checkValue(bytes)
    }
    return 0
}

/// Ends the process unless `condition` holds, also where the compiler drops assertions.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    guard condition else { fatalError(message()) }
}
