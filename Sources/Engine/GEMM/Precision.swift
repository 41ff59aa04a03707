/// The numbers that matrix products multiply. Sums, and all else, are float32.
package enum Precision: String, Sendable, CaseIterable {
    case float32
    /// Factors are rounded to 8 significant bits.
    case bfloat16
}
