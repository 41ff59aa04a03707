extension ReferenceWeights {
    /// The modalities of the authors' model, in the order in which its multi-modal encoder sees them: `src1` to `src3`.
    static let modalities = ["text", "video", "audio"]

    /// What the authors' `state_dict` calls a parameter of ours; nil for one that their model does not have.
    static func tensorName(of parameter: String) -> String? {
        for (ours, theirs) in modules where parameter == ours || parameter.hasPrefix(ours + ".") {
            return theirs
                + parameter.dropFirst(ours.count)
                .replacing(".self_attention.", with: ".self_attn.")
                .replacing(".cross_attention.", with: ".multihead_attn.")
                // PyTorch's attention holds the stacked projection itself, not in a linear module.
                .replacing(".in_proj.", with: ".in_proj_")
        }
        return nil
    }

    /// The name of each part of our network and of theirs, a part before the one that contains it. The numbers are places
    /// in an `nn.Sequential`; what follows them there (dropout, sigmoid) has no tensors.
    private static let modules: [(ours: String, theirs: String)] =
        modalities.enumerated().flatMap { index, modality in
            [
                ("projection.\(modality).linear", "src\(index + 1)_linear.0"),
                ("projection.\(modality).norm", "src\(index + 1)_linear.1"),
                ("encoder.\(modality)", "\(modality)_base_encoder"),
                ("masking.\(modality)", "\(modality)_scorer_net.0"),
            ]
        } + [
            ("encoder.multimodal", "tri_modal_encoder"),
            ("decoder.queries", "emotion_decoder.emotion_queries.weight"),
            ("decoder", "emotion_decoder"),
            ("classifier", "emotion_decoder.classifier.0"),
        ]
}
