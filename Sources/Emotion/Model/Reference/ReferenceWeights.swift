import Engine

/// The weights of the authors' PyTorch model as a safetensors file under the names of its `state_dict`.
///
/// The model is `MMERModel` in `models/modeling.py` of github.com/ShipingGe/MMER, for text, video and audio. Reading and
/// writing back gives the same bits.
package enum ReferenceWeights {
    /// Reads the authors' weights as a model that predicts what theirs does.
    ///
    /// Shapes tell everything but the number of heads and the names of the labels. Floating-point tensors of other
    /// widths are converted to float32.
    ///
    /// - Parameter labels: in the order of the queries; nil names six as those of CMU-MOSEI, and others by number.
    /// - Throws: ``ModelError`` that names the tensor and what was expected.
    package static func read(_ path: String, heads: Int, labels: [String]? = nil) throws -> Model {
        let weights: SafetensorsFile
        do throws(SafetensorsError) {
            weights = try SafetensorsFile(path: path)
        } catch {
            let reason = "cannot be read as safetensors: \(error.reason)"
            throw ModelError(file: path, field: error.tensor ?? "file", reason: reason)
        }
        let shapes = weights.tensors.mapValues(\.shape)
        let network = try network(of: shapes, file: path, heads: heads, labels: labels)
        let parameters = try Parameters(layout: network.layout) { parameter in
            let name = try tensorName(of: parameter, file: path)
            if let type = weights.tensors[name]?.dtype, !floatingPoint.contains(type) {
                throw ModelError(file: path, field: name, reason: "holds \(type.rawValue), not floating-point numbers")
            }
            return try weights.finiteFloats(name, parameter.shape)
        }
        let model = Model(network: network, parameters: parameters)
        guard model.canComputeOrdinaryClips else {
            throw ModelError(
                file: path, field: "weights", reason: "are so large that no clip can be computed with them")
        }
        return model
    }

    /// Writes the weights of `model` for the authors' PyTorch model.
    ///
    /// - Throws: ``ModelError`` when theirs cannot be the same model, and `SafetensorsError` when the file cannot be
    ///   written.
    package static func write(_ model: Model, to path: String) throws {
        let configuration = model.configuration
        let names = configuration.usedModalities.map(\.name)
        guard Set(names) == Set(modalities) else {
            let reason =
                "are \(names.joined(separator: ", ")); the authors' model has \(modalities.joined(separator: ", "))"
            throw ModelError(file: path, field: "modalities", reason: reason)
        }
        let (ours, theirs) = (configuration.hyperparameters.values, Recipe.reference.hyperparameters.values)
        for name in fixed {
            guard let value = ours[name], let expected = theirs[name], value != expected else { continue }
            throw ModelError(file: path, field: name, reason: "is \(value); the authors' model has \(expected)")
        }
        let tensors = try model.network.layout.parameters.map { parameter in
            Safetensors.Tensor(
                name: try tensorName(of: parameter, file: path),
                shape: parameter.shape,
                model.parameters.values(parameter)
            )
        }
        // What is written can be read: a network of other parts than theirs is found out here.
        _ = try network(
            of: Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.shape) }),
            file: path,
            heads: configuration.hyperparameters.heads,
            labels: configuration.labels
        )
        // Libraries for PyTorch ask for this entry.
        try Safetensors.write(to: path, tensors: tensors, metadata: ["format": "pt"])
    }

    /// Hyperparameters that change predictions and that the authors' model, apart from its sizes, leaves no choice in.
    private static let fixed = [
        "classifier", "layer_norm_epsilon", "positional", "backbone", "multimodal_encoder", "decoder", "standardize",
    ]

    private static let floatingPoint: Set<SafetensorsType> = [.float16, .bfloat16, .float32, .float64]

    private static func tensorName(of parameter: Parameter, file: String) throws(ModelError) -> String {
        guard let name = tensorName(of: parameter.name) else {
            throw ModelError(file: file, field: parameter.name, reason: "has no counterpart in the authors' model")
        }
        return name
    }

    /// The network whose tensors are exactly those of `shapes`.
    private static func network(
        of shapes: [String: [Int]],
        file: String,
        heads: Int,
        labels: [String]?
    ) throws(ModelError) -> Network {
        let network = Network(try configuration(of: shapes, file: file, heads: heads, labels: labels))
        try network.layout.check(shapes, file: file) { parameter throws(ModelError) in
            try tensorName(of: parameter, file: file)
        }
        return network
    }
}
