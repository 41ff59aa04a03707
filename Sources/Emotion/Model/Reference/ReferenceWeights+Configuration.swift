extension ReferenceWeights {
    /// The labels of CMU-MOSEI.
    private static let emotions = ["angry", "disgust", "fear", "happy", "sad", "surprise"]

    /// What the shapes of the authors' tensors tell of their model.
    ///
    /// - Throws: ``ModelError`` when a shape that is looked at is missing or out of range; most are not looked at.
    static func configuration(
        of shapes: [String: [Int]],
        file: String,
        heads: Int,
        labels: [String]?
    ) throws(ModelError) -> ModelConfiguration {
        func matrix(_ parameter: String, _ meaning: String) throws(ModelError) -> (rows: Int, columns: Int) {
            guard let name = tensorName(of: parameter) else { preconditionFailure("\(parameter) has a counterpart") }
            guard let shape = shapes[name] else {
                throw ModelError(file: file, field: name, reason: "is missing; its shape would be \(meaning)")
            }
            // An empty matrix takes no bytes, so that nothing bounds its other side.
            guard shape.count == 2, !shape.contains(0) else {
                throw ModelError(file: file, field: name, reason: "has shape \(shape), not \(meaning)")
            }
            return (shape[0], shape[1])
        }

        let queries = try matrix("decoder.queries", "[labels, d_model]")
        let feedForward = try matrix("decoder.layers.0.linear1.weight", "[feed_forward, d_model]").rows
        var modalities: [Modality] = []
        for name in Self.modalities {
            let size = try matrix("projection.\(name).linear.weight", "[d_model, features of \(name)]").columns
            modalities.append(Modality(name: name, featureSize: size))
        }
        let sizes = [
            "d_model": queries.columns,
            "heads": heads,
            "feed_forward": feedForward,
            "unimodal_blocks": blocks("encoder.text", shapes),
            "multimodal_blocks": blocks("encoder.multimodal", shapes),
            "decoder_blocks": blocks("decoder", shapes),
        ]
        let labels = labels ?? (queries.rows == emotions.count ? emotions : (1...queries.rows).map { "label_\($0)" })
        guard labels.count == queries.rows else {
            let reason = "are \(labels.count), while there are \(queries.rows) emotion queries"
            throw ModelError(file: file, field: "labels", reason: reason)
        }
        let configuration: ModelConfiguration
        do throws(HyperparameterErrors) {
            configuration = ModelConfiguration(
                labels: labels,
                modalities: modalities,
                hyperparameters: try Recipe.reference.hyperparameters.setting(sizes.mapValues { .number(Double($0)) })
            )
        } catch {
            throw ModelError(file: file, field: "hyperparameters", reason: "\(error)")
        }
        if let (field, reason) = configuration.fault { throw ModelError(file: file, field: field, reason: reason) }
        return configuration
    }

    /// How many blocks in a row, from number 0, an encoder or decoder has tensors of.
    private static func blocks(_ stack: String, _ shapes: [String: [Int]]) -> Int {
        guard let prefix = tensorName(of: "\(stack).layers.") else { preconditionFailure("\(stack) has a counterpart") }
        let numbers = Set(
            shapes.keys.filter { $0.hasPrefix(prefix) }.compactMap { name in
                Int(name.dropFirst(prefix.count).prefix { $0 != "." })
            })
        var count = 0
        while numbers.contains(count) { count += 1 }
        return count
    }
}
