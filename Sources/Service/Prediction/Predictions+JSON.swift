import Emotion

extension Predictions {
    /// Writes the prediction of a clip, or what is wrong with it.
    ///
    /// - Parameter line: where the clip was; nil where the place of its prediction says so.
    func write(_ clip: Int, line: Int? = nil, to writer: inout JSONWriter) {
        switch rows[clip] {
        case .success(let row): write(clip, row: row, to: &writer)
        case .failure(let error): Self.write(error, id: request.ids[clip], line: line, to: &writer)
        }
    }

    private func write(_ clip: Int, row: Int, to writer: inout JSONWriter) {
        guard case .success(let features) = request.clips[clip] else { preconditionFailure("only clips have rows") }
        let values = probabilities(row)
        let first = values.startIndex
        let labels = loaded.labels
        let ranked = labels.indices.sorted { (values[first + $1], $0) < (values[first + $0], $1) }
        writer.object {
            if let id = request.ids[clip] { $0.member("id") { $0.value(id) } }
            $0.member("labels") {
                $0.array {
                    for label in ranked where values[first + label] >= request.options.thresholds[label] {
                        $0.raw(labels[label])
                    }
                }
            }
            $0.member("missing") {
                $0.array {
                    for modality in loaded.configuration.usedModalities where features.modalities[modality.name] == nil
                    {
                        $0.value(modality.name)
                    }
                }
            }
            $0.member("probabilities") {
                $0.object {
                    for label in ranked.prefix(request.options.topK ?? labels.count) {
                        $0.member(quoted: labels[label]) { $0.value(values[first + label]) }
                    }
                }
            }
            if !outcome.saliency.isEmpty {
                $0.member("saliency") {
                    $0.object {
                        for (name, scores) in outcome.saliency[row].sorted(by: { $0.key < $1.key }) {
                            $0.member(name) { $0.array { for score in scores { $0.value(score) } } }
                        }
                    }
                }
            }
        }
    }

    private static func write(_ error: ClipError, id: String?, line: Int?, to writer: inout JSONWriter) {
        writer.object {
            $0.member("error") {
                $0.object {
                    $0.member("code") { $0.value(error.code.rawValue) }
                    $0.member("detail") { $0.value(error.detail.shortened(to: 500)) }
                    $0.member("pointer") { $0.value(error.pointer.shortened(to: 500)) }
                }
            }
            if let id { $0.member("id") { $0.value(id) } }
            if let line { $0.member("line") { $0.value(line) } }
        }
    }
}
