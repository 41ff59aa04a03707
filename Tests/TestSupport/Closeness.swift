package import Testing

/// Expects two arrays to agree element by element.
///
/// - Parameters:
///   - relative: the allowed difference as a share of the expected element's size.
///   - absolute: the allowed difference on top of that.
package func expectClose(
    _ actual: [Float],
    _ expected: [Float],
    relative: Float = 0,
    absolute: Float = 0,
    _ what: String = "values",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard actual.count == expected.count else {
        Issue.record("\(what): \(actual.count) instead of \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    for (index, (a, e)) in zip(actual, expected).enumerated() {
        // Written so that a NaN fails.
        let isClose = abs(a - e) <= absolute + relative * abs(e)
        if !isClose {
            Issue.record("\(what)[\(index)]: \(a) instead of \(e)", sourceLocation: sourceLocation)
            return
        }
    }
}
