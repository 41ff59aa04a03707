import Engine
import Foundation
import JSON
import Platform

/// A model on disk: `model.safetensors` with its parameters and `config.json` with all that is needed to use them.
package enum ModelDirectory {
    package static let weightsName = "model.safetensors"
    package static let configurationName = "config.json"

    /// Writes `model` into the directory at `path`, which is made when it is not there.
    ///
    /// - Throws: ``ModelError`` and errors of the file system.
    package static func write(_ model: Model, to path: String) throws {
        try Files.makeFolder(path)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let configuration = try encoder.encode(model.configuration)
        try Safetensors.write(
            to: path + "/" + weightsName,
            tensors: model.parameters.layout.parameters.map {
                Safetensors.Tensor(name: $0.name, shape: $0.shape, model.parameters.values($0))
            },
            metadata: ["format": "limbic", configurationKey: try weightsConfiguration(of: model)]
        )
        try WholeFile.write(configuration, to: path + "/" + configurationName)
    }

    /// Reads the model in the directory at `path`, to predict with it.
    ///
    /// - Parameter precision: of its predictions; nil for that of its training.
    /// - Throws: ``ModelError`` that names the file and the reason.
    package static func read(_ path: String, precision: PredictionPrecision? = nil) throws(ModelError) -> Model {
        let configuration = try readConfiguration(path)
        let chosen = precision ?? PredictionPrecision(configuration.hyperparameters.precision)
        return try read(
            configuration, weights: path + "/" + weightsName, form: chosen.form, precision: chosen.products)
    }

    /// Reads the model in the directory at `path` with all of its values, to write it elsewhere.
    ///
    /// - Throws: ``ModelError`` that names the file and the reason.
    package static func readValues(_ path: String) throws(ModelError) -> Model {
        let configuration = try readConfiguration(path)
        return try read(
            configuration, weights: path + "/" + weightsName, form: .plain,
            precision: configuration.hyperparameters.precision.resolved)
    }

    /// Reads the parameters of a model.
    static func read(
        _ configuration: ModelConfiguration, weights file: String, form: ParameterForm, precision: Precision
    ) throws(ModelError) -> Model {
        let network = Network(configuration)
        do {
            let weights = try SafetensorsFile(path: file)
            // First, as what a configuration says may take more memory than there is.
            try network.layout.check(weights.tensors.mapValues(\.shape), file: file)
            try Memory.require(network.layout.bytes(form, precision), for: "the model")
            let parameters = try Parameters(layout: network.layout, precision: precision, form: form) {
                try weights.finiteFloats($0.name, $0.shape)
            }
            return Model(network: network, parameters: parameters)
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelError(file: file, field: "weights", reason: "\(error)")
        }
    }

    /// Reads what the model in the directory at `path` is, without its weights.
    package static func readConfiguration(_ path: String) throws(ModelError) -> ModelConfiguration {
        let file = path + "/" + configurationName
        return try configuration(of: file) { try Data(contentsOf: URL(filePath: file)) }
    }

    /// Reads a configuration and checks it.
    ///
    /// - Parameter file: that it is in, for errors.
    static func configuration(of file: String, _ document: () throws -> Data) throws(ModelError) -> ModelConfiguration {
        let configuration: ModelConfiguration
        do {
            configuration = try JSONReader.decode(ModelConfiguration.self, from: document())
        } catch let error as HyperparameterErrors {
            throw ModelError(file: file, field: "hyperparameters", reason: "\(error)")
        } catch let error as JSONError {
            let isWhole = error.pointer.isEmpty
            throw ModelError(
                file: file, field: isWhole ? "file" : error.field, reason: isWhole ? error.description : error.reason)
        } catch {
            throw ModelError(file: file, field: "file", reason: error.localizedDescription)
        }
        guard configuration.formatVersion == 1 else {
            throw ModelError(
                file: file, field: "format_version", reason: "\(configuration.formatVersion) is not supported, 1 is")
        }
        if let (field, reason) = configuration.fault ?? configuration.standardizationFault
            ?? configuration.thresholdFault
        {
            throw ModelError(file: file, field: field, reason: reason)
        }
        return configuration
    }
}

extension ModelConfiguration {
    /// What is wrong with the inputs and labels, nil when nothing is: each is named once, and there is one at least.
    package var fault: (field: String, reason: String)? {
        if labels.isEmpty { return ("labels", "are empty") }
        // Attention takes memory by the square of either.
        if labels.count > SplitOptions.maximumLabels {
            return ("labels", "are \(labels.count), more than \(SplitOptions.maximumLabels)")
        }
        if modalities.count > ClipForm.modalityLimit {
            return ("modalities", "are \(modalities.count), more than \(ClipForm.modalityLimit)")
        }
        if Set(labels).count != labels.count { return ("labels", "hold a name twice") }
        if modalities.isEmpty { return ("modalities", "are empty") }
        if Set(modalities.map(\.name)).count != modalities.count { return ("modalities", "hold a name twice") }
        for modality in modalities {
            if let fault = Modality.fault(inName: modality.name) { return ("modalities", "\(modality.name): \(fault)") }
            guard Modality.featureSizes.contains(modality.featureSize) else {
                let (sizes, size) = (Modality.featureSizes, modality.featureSize)
                return (
                    "modalities",
                    "\(modality.name): feature_size \(size) is not from \(sizes.lowerBound) to \(sizes.upperBound)"
                )
            }
        }
        for name in hyperparameters.dropModalities where !modalities.contains(where: { $0.name == name }) {
            return ("drop_modalities", "there is no modality \(name)")
        }
        if usedModalities.isEmpty { return ("drop_modalities", "hold every modality") }
        return nil
    }

    /// What is wrong with the stored means and deviations of a trained model, nil when nothing is.
    var standardizationFault: (field: String, reason: String)? {
        guard hyperparameters.standardize == (standardization != nil) else {
            return ("standardization", standardization == nil ? "is missing" : "is there, though standardize is false")
        }
        guard let standardization else { return nil }
        for modality in usedModalities {
            guard let numbers = standardization[modality.name] else {
                return ("standardization", "\(modality.name): is missing")
            }
            if let fault = numbers.fault(featureSize: modality.featureSize) {
                return ("standardization", "\(modality.name): \(fault)")
            }
        }
        return nil
    }
}

extension ModelConfiguration {
    /// What is wrong with the thresholds that were tuned in training, nil when nothing is.
    fileprivate var thresholdFault: (field: String, reason: String)? {
        guard let thresholds = training?.tunedThresholds else { return nil }
        if thresholds.count != labels.count {
            return ("training/tuned_thresholds", "are \(thresholds.count), while there are \(labels.count) labels")
        }
        for (index, threshold) in thresholds.enumerated() where !(0...1).contains(threshold) {
            return ("training/tuned_thresholds/\(index)", "\(threshold) is not a probability from 0 to 1")
        }
        return nil
    }
}
