import Engine

/// Files of a model that cannot be used.
package struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    package let file: String
    /// The member of `config.json` or the tensor that is wrong.
    package let field: String
    package let reason: String

    package var description: String { "\(file): \(field): \(reason)" }
}

extension ParameterLayout {
    /// Checks that tensors of a file are these parameters, each of its shape, and no others.
    ///
    /// - Parameters:
    ///   - shapes: by name of the tensor.
    ///   - name: what the file calls a parameter.
    /// - Throws: ``ModelError`` that names the tensor and what was expected.
    func check(
        _ shapes: [String: [Int]],
        file: String,
        name: (Parameter) throws(ModelError) -> String = { $0.name }
    ) throws(ModelError) {
        var rest = shapes
        for parameter in parameters {
            let name = try name(parameter)
            guard let shape = rest.removeValue(forKey: name) else {
                throw ModelError(file: file, field: name, reason: "is missing; its shape would be \(parameter.shape)")
            }
            guard shape == parameter.shape else {
                throw ModelError(file: file, field: name, reason: "has shape \(shape), not \(parameter.shape)")
            }
        }
        if let name = rest.keys.min() {
            throw ModelError(file: file, field: name, reason: "is not a tensor of a model of this size")
        }
    }
}

extension SafetensorsFile {
    /// The values of a tensor of weights.
    ///
    /// - Throws: ``ModelError`` that names the first element that is not a finite number of 32 bits, and
    ///   ``SafetensorsError``.
    func finiteFloats(_ name: String, _ shape: [Int]) throws -> [Float] {
        let values = try floats(name)
        guard let index = values.firstIndex(where: { !$0.isFinite }) else { return values }
        var (rest, place) = (index, [Int]())
        for size in shape.reversed() {
            place.insert(rest % size, at: 0)
            rest /= size
        }
        throw ModelError(file: path, field: name, reason: "element \(place) is \(values[index]), not a finite number")
    }
}
