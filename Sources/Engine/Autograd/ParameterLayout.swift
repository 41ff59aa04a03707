/// The place of one named parameter tensor in the flat buffers of ``Parameters`` and ``Gradients``.
package struct Parameter: Sendable, Hashable {
    package let name: String
    package let shape: [Int]
    /// Position of the first element in the flat buffer.
    package let offset: Int
    /// The same in the buffer of those that are no matrices of products; nil for such a matrix.
    let compactOffset: Int?

    package var count: Int { shape.reduce(1, *) }

    /// Some rows of a matrix, as a parameter of its own: the query part of a stacked query, key and value projection.
    func rows(_ range: Range<Int>) -> Parameter {
        let width = shape.dropFirst().reduce(1, *)
        let start = range.lowerBound * width
        return Parameter(
            name: name, shape: [range.count] + shape.dropFirst(), offset: offset + start,
            compactOffset: compactOffset.map { $0 + start })
    }
}

/// How a parameter is filled before training.
package enum Initializer: Sendable, Hashable {
    /// U(−a, a) with a = √(6 / (fan in + fan out)) of a [out, in] matrix (Glorot & Bengio 2010).
    case xavierUniform
    /// U(−1/√fanIn, 1/√fanIn).
    case uniform(fanIn: Int)
    case zeros
    case ones
}

/// What operations read of a parameter, on which it depends how it is kept for predictions.
package enum ParameterUse: Sendable, Hashable {
    /// Its values.
    case values
    /// Weights [out, in] of products, each of some of the rows.
    case factors([Factor])

    /// Rows of weights that a product reads.
    package struct Factor: Sendable, Hashable {
        let rows: Range<Int>
        /// Whether they are never in int8: those of a recurrence; of features as they come, some of which may be far larger
        /// than others; and of the few rows of a decoder, whose errors no mean over units evens out.
        let isExact: Bool

        package init(_ rows: Range<Int>, isExact: Bool = false) { (self.rows, self.isExact) = (rows, isExact) }
    }
}

/// The ordered list of all parameters of a model and how each is initialized.
package struct ParameterLayout: Sendable {
    package private(set) var parameters: [Parameter] = []
    private(set) var initializers: [Initializer] = []
    private(set) var uses: [ParameterUse] = []
    /// The number of elements of all parameters.
    package private(set) var count = 0
    /// The number of elements of those that are no matrices of products.
    private(set) var compactCount = 0
    private var names: Set<String> = []

    package init() {}

    /// Appends a parameter; names must be unique.
    package mutating func add(
        _ name: String, _ shape: [Int], _ initializer: Initializer, use: ParameterUse = .values
    ) -> Parameter {
        precondition(names.insert(name).inserted, "parameter \(name) exists already")
        let parameter = Parameter(
            name: name, shape: shape, offset: count, compactOffset: use == .values ? compactCount : nil)
        parameters.append(parameter)
        initializers.append(initializer)
        uses.append(use)
        count += parameter.count
        if use == .values { compactCount += parameter.count }
        return parameter
    }
}
