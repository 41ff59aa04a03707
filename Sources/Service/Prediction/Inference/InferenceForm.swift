import Emotion
import Foundation
import JSON

/// A request of the Open Inference Protocol, version 2: FP32 tensors [B, L, D] named by modality, perhaps INT32
/// `<modality>_length` [B], in JSON or as bytes after it.
struct InferenceForm: PredictionForm {
    let version: ModelVersion
    /// Bytes of the JSON, where others follow it; nil for all.
    let headerLength: Int?
    let parsers: JSONParserPool

    static let lengthSuffix = "_length"
    static let headerName = "Inference-Header-Content-Length"

    func read(_ body: [UInt8], for loaded: LoadedModel) throws -> PredictRequest {
        let headerLength = headerLength ?? body.count
        guard headerLength <= body.count else {
            throw Problem.header(Self.headerName, "is \(headerLength), but the body has \(body.count) bytes")
        }
        let document = try document(
            body, headerLength, nonfinite: loaded.configuration.hyperparameters.replaceNonfinite)
        if let name = document.model.name, name != version.name {
            throw Problem.invalid("/model_name", "is \(name.quoted), but the path says \(version.name.quoted)")
        }
        if let number = document.model.version, !number.isEmpty, number != String(version.number) {
            throw Problem.invalid("/model_version", "is \(number.quoted), but version \(version.number) was asked for")
        }
        let answer = InferenceAnswer(
            id: document.id, version: version, inputs: document.inputs.map(\.name), isBinary: document.isBinaryWanted)
        let padded = try clips(document.inputs, body, after: headerLength, for: loaded)
        let clips: [Result<Clip, ClipError>]
        do throws(PaddedClips.Fault) { clips = try padded.clips() } catch {
            throw Problem.invalid("/inputs", error.reason)
        }
        var request = try PredictRequest(clips, Values([:]), for: loaded, in: answer)
        if let refusal = answer.refusal(request.clips) { throw refusal }
        (request.timeout, request.urgency) = (document.timeout, document.urgency)
        return request
    }

    private func document(_ body: [UInt8], _ length: Int, nonfinite: Bool) throws -> InferenceDocument {
        let outcome = try body.withUnsafeBytes { bytes in
            do throws(JSONError) {
                return try parsers.parse(UnsafeRawBufferPointer(rebasing: bytes[..<length])) { root in
                    Result { () throws(Problem) in try InferenceDocument(root, nonfinite: nonfinite) }
                }
            } catch {
                throw Problem.malformedJSON(error)
            }
        }
        return try outcome.get()
    }

    private func clips(
        _ inputs: [InferenceDocument.Input], _ body: [UInt8], after headerLength: Int, for loaded: LoadedModel
    ) throws(Problem) -> PaddedClips {
        var padded = PaddedClips(for: loaded)
        var lengths: [(index: Int, modality: String, values: [Int])] = []
        var position = headerLength
        for (index, input) in inputs.enumerated() {
            let isUnits = padded.knows(input.name)
            let modality = isUnits ? input.name : String(input.name.dropLast(Self.lengthSuffix.count))
            guard isUnits || (input.name.hasSuffix(Self.lengthSuffix) && padded.knows(modality)) else {
                throw .invalid("/inputs/\(index)/name", "no such input; there are: \(Self.names(loaded))")
            }
            try Self.check(input, is: isUnits ? "FP32" : "INT32", at: index)
            let start = position
            if case .binary(let count) = input.content {
                try Self.check(count, of: input, at: index, left: body.count - position)
                position += count
            }
            if isUnits {
                guard let values = Self.values(of: input, body, at: start) else { continue }
                do throws(PaddedClips.Fault) {
                    try padded.add(modality, shape: input.shape, values: values)
                } catch {
                    throw .invalid("/inputs/\(index)", "\(modality): \(error.reason)")
                }
            } else {
                guard input.shape.count == 1 else {
                    throw .invalid("/inputs/\(index)/shape", "must be [clips], not \(input.shape)")
                }
                if let values = Self.integers(of: input, body, at: start) { lengths.append((index, modality, values)) }
            }
        }
        guard position == body.count else {
            throw .invalid("", "\(body.count - position) bytes come after those of the inputs")
        }
        for (index, modality, values) in lengths {
            do throws(PaddedClips.Fault) { try padded.add(lengths: values, of: modality) } catch {
                throw .invalid("/inputs/\(index)", "\(modality): \(error.reason)")
            }
        }
        return padded
    }

    private static func names(_ loaded: LoadedModel) -> String {
        loaded.configuration.modalities.map { "\($0.name), \($0.name)\(lengthSuffix)" }.sorted().prefix(10)
            .joined(separator: ", ")
    }

    private static func check(
        _ input: InferenceDocument.Input, is datatype: String, at index: Int
    ) throws(Problem) {
        guard input.datatype == datatype else {
            throw .invalid(
                "/inputs/\(index)/datatype", "\(input.name) must be \(datatype), not \(input.datatype.quoted)")
        }
    }

    /// Bytes of an input after the JSON; each of its elements has four.
    private static func check(
        _ count: Int, of input: InferenceDocument.Input, at index: Int, left: Int
    ) throws(Problem) {
        let pointer = "/inputs/\(index)/parameters/binary_data_size"
        guard count == input.shape.reduce(4, *) else {
            throw .invalid(pointer, "\(count) bytes, but the shape \(input.shape) takes \(input.shape.reduce(4, *))")
        }
        guard count <= left else {
            throw .invalid(
                pointer, "\(count) bytes, but \(left) are left; \(headerName) says where the bytes of inputs begin")
        }
    }

    private static func values(
        of input: InferenceDocument.Input, _ body: [UInt8], at start: Int
    ) -> PaddedClips.Values? {
        switch input.content {
        case .missing, .integers: nil
        case .numbers(let numbers): { Array(numbers[$0]) }
        case .binary: { positions in copy(body, positions, at: start) }
        }
    }

    private static func integers(of input: InferenceDocument.Input, _ body: [UInt8], at start: Int) -> [Int]? {
        switch input.content {
        case .missing, .numbers: return nil
        case .integers(let integers): return integers
        case .binary:
            let words: [Int32] = copy(body, 0..<input.shape[0], at: start)
            return words.map(Int.init)
        }
    }

    /// Little-endian words, which may lie at any byte.
    private static func copy<Word: BitwiseCopyable>(_ body: [UInt8], _ positions: Range<Int>, at start: Int) -> [Word] {
        let size = MemoryLayout<Word>.size
        return [Word](unsafeUninitializedCapacity: positions.count) { buffer, count in
            body.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(
                    from: UnsafeRawBufferPointer(
                        rebasing: bytes[start + positions.lowerBound * size..<start + positions.upperBound * size]))
            }
            count = positions.count
        }
    }
}
