import Foundation

/// Round numbers along an axis: multiples of 1, 2 or 5 times a power of ten.
struct Ticks {
    let values: [Double]
    private let decimals: Int

    /// - Parameters:
    ///   - values: numbers that the axis must cover; those that are not finite have no place on it.
    ///   - count: about how many steps there are.
    init(covering values: [Double], count: Int = 5) {
        let finite = values.filter(\.isFinite)
        var (low, high) = (finite.min() ?? 0, finite.max() ?? 0)
        // An axis needs a length, also for a single number.
        if high - low < 1e-9 * max(abs(high), 1) { (low, high) = (low - 0.5, high + 0.5) }
        let rough = (high - low) / Double(count)
        let exponent = Int(log10(rough).rounded(.down))
        let power = pow(10, Double(exponent))
        let step = [1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10
        let (first, last) = ((low / (step * power)).rounded(.down), (high / (step * power)).rounded(.up))
        self.values = stride(from: first, through: last, by: 1).map { $0 * step * power }
        decimals = max(0, step == 10 ? -exponent - 1 : -exponent)
    }

    /// Exactly these, which grow.
    init(exactly values: [Double], decimals: Int) {
        self.values = values
        self.decimals = decimals
    }

    var first: Double { values.first ?? 0 }
    var last: Double { values.last ?? 1 }

    /// As written beside the axis.
    func label(_ value: Double) -> String {
        // No sign for what is rounded to zero.
        let text = String(format: "%.\(decimals)f", value)
        return Double(text) == 0 ? text.replacing("-", with: "") : text
    }
}
