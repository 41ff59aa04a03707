import HTTP
import HTTPTypes

/// A prediction or an error per line, in the order of the clips.
struct LinesAnswer: PredictionAnswer {
    /// The lines that the clips came in, from 1; nil where they came otherwise.
    var lines: [Int]?
    let isPerClip = true

    func response(_ predictions: Predictions) throws -> Response {
        // Lines that came in a stream are answered in a stream, which goes on.
        if lines == nil, !predictions.rows.contains(where: \.isSuccess), let refusal = predictions.refusal {
            throw refusal
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(predictions.rows.count * (96 + predictions.loaded.labelBytes))
        for clip in predictions.rows.indices {
            var writer = JSONWriter()
            predictions.write(clip, line: lines?[clip], to: &writer)
            bytes += writer.bytes
            bytes.append(UInt8(ascii: "\n"))
        }
        return Response(fields: [.contentType: AnswerType.lines.rawValue], body: .bytes(bytes))
    }
}
