/// Mean and spread of the same number over several seeds.
package struct Statistic: Sendable, Equatable {
    package let count: Int
    package let mean: Double
    /// The sample standard deviation, with n − 1 in the divisor; nil for a single number.
    package let deviation: Double?

    /// - Parameter values: at least one.
    package init(_ values: [Double]) {
        precondition(!values.isEmpty, "nothing has no mean")
        count = values.count
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        deviation =
            values.count < 2
            ? nil
            : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }

    /// Of values less others that were measured with the same seed, where there are both; nil where there is no such pair.
    ///
    /// - Parameters:
    ///   - values: by seed, nil where there is none.
    ///   - others: of the same seeds.
    package init?(of values: [Double?], lessThoseOf others: [Double?]) {
        precondition(values.count == others.count, "one value for each seed")
        let differences = zip(values, others).compactMap { value, other in value.flatMap { v in other.map { v - $0 } } }
        guard !differences.isEmpty else { return nil }
        self.init(differences)
    }

    /// Student's t of the mean against 0, with n − 1 degrees of freedom; nil when the values do not differ by
    /// more than they are rounded.
    package var t: Double? {
        guard let deviation, deviation > 1e-9 * abs(mean) else { return nil }
        return mean / (deviation / Double(count).squareRoot())
    }
}

extension Statistic: Encodable {
    private enum CodingKeys: CodingKey {
        case count, mean, deviation, t
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(count, forKey: .count)
        try container.encode(mean, forKey: .mean)
        try container.encode(deviation, forKey: .deviation)
        try container.encode(t, forKey: .t)
    }
}
