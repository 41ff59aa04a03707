extension PaddedClips {
    /// What an archive of any size may unpack to, in bytes, as a compressed body may.
    private static let freeBytes = 64 << 20

    /// Adds clips of an archive like a split's, without labels: a float array [N, L, D] per modality, and `lengths` or
    /// `lengths_<modality>` [N] where clips have fewer units.
    ///
    /// - Parameter unpackedLimit: bytes of all arrays.
    /// - Returns: the ids, where there are any.
    /// - Throws: ``DatasetError`` with what is wrong with names and shapes, ``Fault``.
    package mutating func add(archive bytes: [UInt8], unpackedLimit: Int) throws -> [String?]? {
        var limits = NPZArchive.Limits()
        limits.bytes = unpackedLimit
        limits.freeBytes = Self.freeBytes
        do {
            let archive = try NPZArchive(bytes, limits: limits)
            let layout = try layout(of: archive)
            for (name, array) in layout.features.sorted(by: { $0.key < $1.key }) {
                // What is too much is refused before it is unpacked.
                try check(name, shape: array.shape)
                let values = try archive.rowMajor(array)
                try add(name, shape: array.shape) { Array(values[$0]) }
            }
            for (name, array) in layout.lengths.sorted(by: { $0.key < $1.key }) {
                let lengths = try archive.rowMajor(array).map { Int(exactly: $0) ?? -1 }
                try add(lengths: lengths, of: name.isEmpty ? nil : name)
            }
            return try layout.ids.map { try archive.strings(of: $0, limit: SplitOptions.maximumIDBytes) }
        } catch let error as NPZError {
            throw DatasetError(file: "body", field: error.entry ?? "file", reason: error.reason)
        }
    }

    private func layout(of archive: NPZArchive) throws(DatasetError) -> NPZLayout {
        var options = SplitOptions()
        options.requiresLabels = false
        options.ignoresLabels = true
        options.modalities = modalities
        var problems = SplitProblems(limit: options.maximumProblems)
        let layout = NPZLayout(archive, options: options, problems: &problems)
        _ = layout.clipCount(&problems)
        layout.checkLabels(options: options, problems: &problems)
        guard problems.isEmpty else {
            throw DatasetError(file: "body", problems: problems.listed, problemCount: problems.count)
        }
        return layout
    }
}

extension NPZArchive {
    /// All numbers of an array as float32, row-major.
    fileprivate func rowMajor(_ array: Entry) throws(NPZError) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(array.count)
        try forEachChunk(of: array) { chunk throws(NPZError) in values.append(contentsOf: chunk.values) }
        guard array.isFortranOrder, array.shape.count == 3 else { return values }
        let (clips, units, features) = (array.shape[0], array.shape[1], array.shape[2])
        return [Float](unsafeUninitializedCapacity: values.count) { buffer, count in
            for index in values.indices {
                let (clip, rest) = (index % clips, index / clips)
                buffer[(clip * units + rest % units) * features + rest / units] = values[index]
            }
            count = values.count
        }
    }
}
