import Emotion

/// Some lines of a stream of clips, a clip in JSON each.
struct LinesForm: PredictionForm {
    let query: Values
    /// Each line, without its end, with its number from 1.
    let lines: [(number: Int, bytes: Range<Int>)]

    func read(_ body: [UInt8], for loaded: LoadedModel) throws -> PredictRequest {
        var clips: [Result<Clip, ClipError>] = []
        var ids: [String?] = []
        body.withUnsafeBytes { body in
            for line in lines {
                do throws(ClipError) {
                    let (clip, id) = try loaded.decoder.decodeLine(UnsafeRawBufferPointer(rebasing: body[line.bytes]))
                    clips.append(clip)
                    ids.append(id)
                } catch {
                    clips.append(.failure(error))
                    ids.append(nil)
                }
            }
        }
        let answer = LinesAnswer(lines: lines.map(\.number))
        return try PredictRequest(clips, ids: ids, list: nil, query, for: loaded, in: answer)
    }
}
