/// Which array of an archive is what.
struct NPZLayout {
    private(set) var labels: NPZArchive.Entry?
    private(set) var ids: NPZArchive.Entry?
    /// Text, a name for each label.
    private(set) var labelNames: NPZArchive.Entry?
    private(set) var features: [String: NPZArchive.Entry] = [:]
    /// By name of modality, the empty name for all.
    private(set) var lengths: [String: NPZArchive.Entry] = [:]
    /// What was read under another name.
    private(set) var warnings: [SplitWarning] = []

    /// Sorts the arrays by their names, and by their shapes where a name is another toolkit's.
    init(_ archive: NPZArchive, options: SplitOptions, problems: inout SplitProblems) {
        let names = Set(archive.arrays.map(\.name))
        guard !names.contains("arr_0") else {
            let reason = "arrays without names are called arr_0, …; give them theirs: "
            problems.add("arr_0", reason + "numpy.savez(path, text=text, labels=labels)")
            return
        }
        var texts: [NPZArchive.Entry] = []
        var renamed = SplitWarning(.arrayRenamed, "file")
        for array in archive.arrays {
            switch array.name {
            case "labels": labels = array
            case "label" where !names.contains("labels"):
                labels = array
                renamed.add("label as labels")
            case "id", "ids":
                if ids != nil { problems.add(array.name, "there are both id and ids") }
                ids = array
            case "label_names":
                labelNames = array
            case "lengths": lengths[""] = array
            case "length" where !names.contains("lengths"):
                lengths[""] = array
                renamed.add("length as lengths")
            case let name where name.hasPrefix("lengths_"): add(array, lengthsOf: String(name.dropFirst(8)), &problems)
            default:
                if !array.isNumeric {
                    texts.append(array)
                } else if let modality = Self.modality(ofLengths: array, in: archive, options) {
                    renamed.add("\(array.name) as lengths_\(modality)")
                    add(array, lengthsOf: modality, &problems)
                } else if let fault = Self.fault(ofFeatures: array, expected: options.modalities) {
                    problems.add(array.name, fault)
                } else {
                    features[array.name] = array
                }
            }
        }
        place(texts, &renamed, problems: &problems)
        if let renamed = renamed.saying({ "\($0) arrays are read under another name than their own" }) {
            warnings.append(renamed)
        }
        checkLengths(&problems)
        if features.isEmpty, problems.isEmpty { problems.add("file", "there is no modality") }
    }

    private mutating func add(_ array: NPZArchive.Entry, lengthsOf modality: String, _ problems: inout SplitProblems) {
        if let other = lengths.updateValue(array, forKey: modality) {
            problems.add(array.name, "there are also lengths of \(modality) in \(other.name)")
        }
    }

    /// `audio_lengths` of other toolkits: numbers [clips] beside an array of features of that name.
    private static func modality(
        ofLengths array: NPZArchive.Entry,
        in archive: NPZArchive,
        _ options: SplitOptions
    ) -> String? {
        guard array.shape.count == 1 else { return nil }
        for suffix in ["_lengths", "_length", "_lens", "_len"] where array.name.hasSuffix(suffix) {
            let modality = String(array.name.dropLast(suffix.count))
            if archive.array(modality)?.shape.count == 3 { return modality }
        }
        return nil
    }

    private static func fault(ofFeatures array: NPZArchive.Entry, expected: [Modality]?) -> String? {
        if let fault = Modality.fault(inName: array.name) { return fault }
        let (name, shape) = (array.name, array.shape)
        guard shape.count == 3 else {
            let cure =
                switch shape.count {
                case 2: "; for one unit a clip: \(name)[:, None, :]"
                case 4...: "; for more units or features: \(name).reshape(\(shape[0]), -1, \(shape[shape.count - 1]))"
                default: "; leave out what is none"
                }
            return "a modality must be numbers [clips, units, features], not \(describe(array))\(cure)"
        }
        guard shape[2] > 0 else { return "a unit must have at least one feature, not shape \(shape)" }
        guard shape[1] > 0 else {
            return "a modality must have at least one unit, not shape \(shape); leave out an array that no clip has"
        }
        guard Modality.featureSizes.contains(shape[2]) else {
            return "\(shape[2]) features, at most \(Modality.featureSizes.upperBound)"
        }
        guard let expected else { return nil }
        guard let modality = expected.first(where: { $0.name == name }) else {
            return "no such modality; there are: \(expected.map(\.name).sorted().joined(separator: ", "))"
        }
        guard modality.featureSize == shape[2] else {
            let cure = modality.featureSize == shape[1] ? "; transposed? numpy.swapaxes(\(name), 1, 2)" : ""
            return "\(shape[2]) features, not \(modality.featureSize)\(cure)"
        }
        return nil
    }

    static func describe(_ array: NPZArchive.Entry) -> String {
        "\(array.isNumeric ? "numbers" : "text") \(array.shape)"
    }

    /// Text that has another name than ids and label_names: the ids where it can only be that.
    private mutating func place(
        _ texts: [NPZArchive.Entry],
        _ renamed: inout SplitWarning,
        problems: inout SplitProblems
    ) {
        let clips = features.values.first?.shape[0]
        let candidates = texts.filter { text in
            text.shape == [clips] && (text.name.hasSuffix("id") || text.name.hasSuffix("ids"))
        }
        for text in texts {
            if ids == nil, candidates == [text] {
                ids = text
                renamed.add("\(text.name) as ids")
                continue
            }
            let others = renamed.examples.isEmpty ? "" : "; read were \(renamed.examples.joined(separator: ", "))"
            let reason = "is text \(text.shape), but neither ids nor label_names; leave it out\(others)"
            problems.add(text.name, reason)
        }
    }

    private func checkLengths(_ problems: inout SplitProblems) {
        for (modality, array) in lengths.sorted(by: { $0.key < $1.key }) {
            if !modality.isEmpty, features[modality] == nil, problems.isEmpty {
                problems.add(array.name, "there is no modality of this name")
            }
            if array.shape.count != 1 || !array.isNumeric {
                let cure = array.shape.count == 2 ? "; \(array.name).reshape(-1)" : ""
                problems.add(array.name, "must be numbers [clips], not \(Self.describe(array))\(cure)")
            }
        }
    }

    /// N, which all arrays share; nil, with problems added, when they do not.
    func clipCount(_ problems: inout SplitProblems) -> Int? {
        let arrays = features.values.sorted { $0.name < $1.name }
        guard let first = arrays.first else { return nil }
        let count = first.shape[0]
        let others = arrays + [labels, ids].compactMap(\.self) + lengths.values.sorted { $0.name < $1.name }
        for array in others where array.shape.first != count {
            problems.add(array.name, "\(array.shape.first ?? 0) clips, but \(first.name) has \(count)")
        }
        if count == 0 { problems.add("file", "there is no clip") }
        return problems.isEmpty ? count : nil
    }

    /// Checks the shapes of labels, their names and ids.
    func checkLabels(options: SplitOptions, problems: inout SplitProblems) {
        if let ids, ids.shape.count != 1 {
            let cure = ids.shape.count == 2 ? "; for the first column: \(ids.name)[:, 0]" : ""
            problems.add(ids.name, "must be [clips], not \(ids.shape)\(cure)")
        }
        guard let labels else {
            if options.requiresLabels { problems.add("labels", "there are no labels") }
            return
        }
        guard labels.isNumeric, labels.shape.count == 2, labels.shape[1] > 0 else {
            problems.add("labels", "must be 0 and 1 [clips, labels], not \(Self.describe(labels))\(Self.cure(labels))")
            return
        }
        let count = labels.shape[1]
        if count > SplitOptions.maximumLabels {
            problems.add("labels", "\(count) labels, at most \(SplitOptions.maximumLabels)")
        } else if let expected = options.labels?.count ?? options.labelCount, expected != count {
            problems.add("labels", "\(count) labels, not \(expected)")
        }
        if let labelNames, labelNames.isNumeric || labelNames.shape != [count] {
            problems.add(
                "label_names", "must be text [\(count)], a name for each label, not \(Self.describe(labelNames))")
        }
    }

    /// What makes labels of another shape what they must be.
    private static func cure(_ labels: NPZArchive.Entry) -> String {
        let name = labels.name
        switch (labels.isNumeric, labels.shape.count) {
        case (true, 1): return "; for one label a clip, by number: numpy.eye(\(name).max() + 1, dtype='int64')[\(name)]"
        case (true, 3...): return "; \(name).reshape(len(\(name)), -1), where all but one of the last axes are 1"
        case (false, 1): return "; for one label a clip: (\(name)[:, None] == numpy.unique(\(name))).astype('int64')"
        default: return ""
        }
    }
}
