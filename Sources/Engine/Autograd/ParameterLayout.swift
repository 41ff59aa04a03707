/// The place of one named parameter tensor in the flat buffers of ``Parameters`` and ``Gradients``.
package struct Parameter: Sendable, Hashable {
    package let name: String
    package let shape: [Int]
    /// Position of the first element in the flat buffer.
    package let offset: Int

    package var count: Int { shape.reduce(1, *) }

    /// Some rows of a matrix, as a parameter of its own: the query part of a stacked query, key and value projection.
    func rows(_ range: Range<Int>) -> Parameter {
        let width = shape.dropFirst().reduce(1, *)
        return Parameter(
            name: name, shape: [range.count] + shape.dropFirst(), offset: offset + range.lowerBound * width)
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

/// The ordered list of all parameters of a model and how each is initialized.
package struct ParameterLayout: Sendable {
    package private(set) var parameters: [Parameter] = []
    private(set) var initializers: [Initializer] = []
    /// The number of elements of all parameters.
    package private(set) var count = 0
    private var names: Set<String> = []

    package init() {}

    /// Appends a parameter; names must be unique.
    package mutating func add(_ name: String, _ shape: [Int], _ initializer: Initializer) -> Parameter {
        precondition(names.insert(name).inserted, "parameter \(name) exists already")
        let parameter = Parameter(name: name, shape: shape, offset: count)
        parameters.append(parameter)
        initializers.append(initializer)
        count += parameter.count
        return parameter
    }
}
