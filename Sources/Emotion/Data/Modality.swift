/// A named kind of input of a clip: text, video, audio, image, …
package struct Modality: Sendable, Hashable, Codable {
    package let name: String
    /// Numbers per unit, D.
    package let featureSize: Int

    package init(name: String, featureSize: Int) {
        self.name = name
        self.featureSize = featureSize
    }

    private enum CodingKeys: String, CodingKey {
        case name
        case featureSize = "feature_size"
    }

    /// The feature sizes that are taken: more would be a mistake in a file, and sizes of models must fit into memory.
    package static let featureSizes = 1...1 << 20

    /// The longest name of a modality, in characters.
    static let nameLimit = 64

    /// What is wrong with a modality's name, nil when nothing is.
    ///
    /// A name becomes an array in an npz file, a member of a clip and a part of the names of parameters, so it holds
    /// ASCII letters, digits, `_` and `-` only and does not clash with the members that have a meaning of their own.
    package static func fault(inName name: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= nameLimit else {
            return "a modality's name has 1 to \(nameLimit) characters"
        }
        guard name.utf8.allSatisfy(isNameByte) else {
            return "a modality's name holds ASCII letters, digits, '_' and '-' only"
        }
        guard !reserved.contains(name), !name.hasPrefix("lengths_") else {
            return "the name is reserved and cannot be a modality's"
        }
        return nil
    }

    private static let reserved: Set<String> = ["multimodal", "id", "ids", "label", "labels", "length", "lengths"]

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
