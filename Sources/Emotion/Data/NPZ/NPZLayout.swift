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
            case "label":
                if names.contains("labels") {
                    problems.add(array.name, "there are both label and labels; leave one out")
                } else {
                    labels = array
                    renamed.add("label as labels")
                }
            case "id", "ids":
                if ids != nil { problems.add(array.name, "there are both id and ids") }
                ids = array
            case "label_names":
                labelNames = array
            case "lengths": lengths[""] = array
            case let name where Self.namesOfLengths.contains(name) && array.shape.count == 1:
                if names.contains("lengths") {
                    problems.add(name, "there are both \(name) and lengths; leave one out")
                } else {
                    renamed.add("\(name) as lengths")
                    add(array, lengthsOf: "", &problems)
                }
            case let name where name.hasPrefix("lengths_"): add(array, lengthsOf: String(name.dropFirst(8)), &problems)
            default:
                if !array.isNumeric {
                    texts.append(array)
                } else if let modality = Self.modality(ofLengths: array, in: archive, options) {
                    renamed.add("\(array.name) as lengths_\(modality)")
                    add(array, lengthsOf: modality, &problems)
                } else if let fault = Self.fault(ofFeatures: array, expected: options.modalities) {
                    problems.add(array.name, fault + hint(array, in: archive, options))
                } else {
                    features[array.name] = array
                }
            }
        }
        place(texts, &renamed, problems: &problems)
        if options.ignoresLabels { (labels, labelNames) = (nil, nil) }
        if let renamed = renamed.saying({
            $0 == 1 ? "an array is read under another name" : "\($0) arrays are read under other names"
        }) {
            warnings.append(renamed)
        }
        checkLengths(&problems)
        if features.isEmpty, problems.isEmpty { problems.add("file", "there is no modality") }
    }

    private mutating func add(_ array: NPZArchive.Entry, lengthsOf modality: String, _ problems: inout SplitProblems) {
        if let other = lengths.updateValue(array, forKey: modality) {
            problems.add(
                array.name, "there are also lengths \(modality.isEmpty ? "" : "of \(modality) ")in \(other.name)")
        }
    }

    /// Of lengths of all modalities, in other toolkits.
    private static let namesOfLengths: Set<String> = ["length", "lens", "len"]

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
                case 2: name.contains("mask") ? "" : "; for one unit a clip: \(name)[:, None, :]"
                case 4...: "; for more units or features: \(name).reshape(\(shape[0]), -1, \(shape[shape.count - 1]))"
                default: ""
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

    /// What an array of numbers that is no modality may be.
    private func hint(_ array: NPZArchive.Entry, in archive: NPZArchive, _ options: SplitOptions) -> String {
        let name = array.name
        if name.contains("mask"), array.shape.count == 2 {
            return
                "; of a mask of real units make lengths: lengths_\(name.split(separator: "_")[0]) = \(name).sum(axis=1)"
        }
        if array.shape.count == 1, name.contains("len") {
            return "; units per clip are called lengths, or lengths_ and the name of the modality"
        }
        if options.requiresLabels, (1...2).contains(array.shape.count), archive.array("labels") == nil {
            return "; if these are the labels, call them labels, else leave them out"
        }
        return array.shape.count < 2 ? "; leave out what is none" : ""
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
            let what =
                candidates.contains(text)
                ? "; call the one that tells clips apart ids"
                : text.shape == labels.map { [$0.shape.last ?? 0] }
                    ? "; if it names the labels, call it label_names" : ""
            let reason = "is text \(text.shape), but neither ids nor label_names\(what); leave it out\(others)"
            problems.add(text.name, reason)
        }
    }

    private func checkLengths(_ problems: inout SplitProblems) {
        for (modality, array) in lengths.sorted(by: { $0.key < $1.key }) {
            if !modality.isEmpty, features[modality] == nil, problems.isEmpty {
                problems.add(array.name, "there is no modality of this name")
            }
            if array.shape.count != 1 || !array.isNumeric {
                let cure =
                    switch array.shape.count {
                    case 2 where array.shape[1] == 1: "; \(array.name).reshape(-1)"
                    case 2: "; of a mask of real units: \(array.name).sum(axis=1)"
                    case 1: "; \(array.name).astype('int64')"
                    default: ""
                    }
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
        // A single value is told of where shapes are checked.
        for array in others where !array.shape.isEmpty && array.shape[0] != count {
            problems.add(array.name, "\(array.shape[0]) clips, but \(first.name) has \(count)")
        }
        if count == 0 { problems.add("file", "there is no clip") }
        return problems.isEmpty ? count : nil
    }

    /// Checks the shapes of labels, their names and ids.
    func checkLabels(options: SplitOptions, problems: inout SplitProblems) {
        if let ids, ids.shape.count != 1 {
            let cure = ids.shape.count == 2 ? "; for the first column: \(ids.name)[:, 0]" : ""
            problems.add(ids.name, "must be [clips], not \(ids.shape)\(cure)")
        } else if let ids, ids.isNumeric, !ids.isInteger {
            problems.add(ids.name, "must be text or integers; \(ids.name).astype(str)")
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
        case (true, 1) where !labels.isInteger:
            return "; for one label a clip, from an intensity: (\(name)[:, None] > 0).astype('int64')"
        case (true, 1): return "; for one label a clip, by number: numpy.eye(\(name).max() + 1, dtype='int64')[\(name)]"
        case (true, 3...): return "; \(name).reshape(len(\(name)), -1), where all but one of the last axes are 1"
        case (false, 1): return "; for one label a clip: (\(name)[:, None] == numpy.unique(\(name))).astype('int64')"
        case (false, 2):
            return "; for labels by name: (\(name)[:, :, None] == numpy.unique(\(name))).any(1).astype('int64')"
        default: return ""
        }
    }
}
