/// What a made-up data set is like before anything is said about it.
extension SyntheticDataset {
    package enum Kind: String, Sendable, CaseIterable {
        /// Each label is strong in one modality in turn.
        case planted
        /// Labels are read easily from text and with more effort from audio and video; in half of the test clips the text
        /// is noise or missing. What a model learns from the other modalities shows there.
        case modalityBias = "modality-bias"
        /// The shape of NEMu: lyrics, comments, audio and one image vector, of very different lengths and sizes.
        case nemu
    }

    package init(_ kind: Kind) {
        switch kind {
        case .planted: break
        case .modalityBias:
            sources = [
                Source(name: "audio", featureSize: 16, units: 4...10, signal: 1.5),
                Source(name: "text", featureSize: 32, units: 4...12, signal: 5),
                Source(name: "video", featureSize: 20, units: 4...10, signal: 1.5),
            ]
            missingRate = 0
            spoiling = Spoiling(modality: "text", share: 0.5)
        case .nemu:
            sources = [
                Source(name: "audio", featureSize: 74, units: 60...60),
                Source(name: "comments", featureSize: 300, units: 1...50),
                Source(name: "image", featureSize: 2048, units: 1...1),
                Source(name: "lyrics", featureSize: 300, units: 10...100),
            ]
            labels = [
                "anger", "calm", "dejection", "excitement", "fear", "happiness", "longing", "nostalgia", "romance",
                "sadness", "tension", "tenderness",
            ]
        }
    }
}
