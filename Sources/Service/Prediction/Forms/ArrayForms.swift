import Emotion
import Engine

/// An archive like a split's, without labels.
struct NPZForm: PredictionForm {
    let query: Values
    let type: AnswerType

    static let types = ["application/x-npz", "application/npz"]

    func read(_ body: [UInt8], for loaded: LoadedModel) throws -> PredictRequest {
        var padded = PaddedClips(for: loaded)
        do {
            let ids = try padded.add(archive: body, unpackedLimit: loaded.decoder.limits.bytes)
            return try PredictRequest(padded.clips(), ids: ids, query, for: loaded, in: type.answer)
        } catch let fault as PaddedClips.Fault {
            throw Problem.invalid(fault)
        } catch let error as DatasetError {
            throw Problem.invalidSplit(error.problems, count: error.problemCount)
        }
    }
}

/// A tensor [N, L, D] per modality, and `lengths` or `lengths_<modality>` [N], of integers, where clips have fewer units.
struct SafetensorsForm: PredictionForm {
    let query: Values
    let type: AnswerType

    static let types = ["application/vnd.safetensors", "application/x-safetensors"]

    func read(_ body: [UInt8], for loaded: LoadedModel) throws -> PredictRequest {
        var padded = PaddedClips(for: loaded)
        do {
            let file = try SafetensorsFile(body)
            let (lengths, features) = file.tensors.keys.sorted().partitioned { name in
                !padded.knows(name) && (name == "lengths" || name.hasPrefix("lengths_"))
            }
            for name in features {
                try padded.check(name, shape: file.tensors[name]?.shape ?? [])
                let values = try file.floats(name)
                try padded.add(name, shape: file.tensors[name]?.shape ?? []) { Array(values[$0]) }
            }
            for name in lengths {
                guard file.tensors[name]?.shape.count == 1 else { throw Problem.invalid("/\(name)", "must be [clips]") }
                let values = try file.int32s(name).map(Int.init)
                try padded.add(lengths: values, of: name == "lengths" ? nil : String(name.dropFirst(8)))
            }
            return try PredictRequest(padded.clips(), query, for: loaded, in: type.answer)
        } catch let fault as PaddedClips.Fault {
            throw Problem.invalid(fault)
        } catch let error as SafetensorsError where error.code == nil {
            let pointer = error.tensor.map { FieldError.pointer("", $0) } ?? ""
            let what = error.tensor == nil ? "the body" : "the tensor"
            throw Problem.invalid(pointer, "\(what) \(error.reason)", code: "bad_safetensors")
        }
    }
}

extension PaddedClips {
    /// Clips that a model reads.
    init(for loaded: LoadedModel) {
        self.init(
            modalities: loaded.configuration.modalities, limits: loaded.decoder.limits,
            replacesNonfinite: loaded.configuration.hyperparameters.replaceNonfinite)
    }
}

extension Problem {
    /// Tensors that are no clips.
    fileprivate static func invalid(_ fault: PaddedClips.Fault) -> Problem {
        .invalid(fault.modality.map { FieldError.pointer("", $0) } ?? "", fault.reason)
    }
}

extension Array {
    fileprivate func partitioned(by belongs: (Element) -> Bool) -> (matching: [Element], rest: [Element]) {
        (filter(belongs), filter { !belongs($0) })
    }
}
