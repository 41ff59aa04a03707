/// What becomes of the clips of a split while it is read.
enum ClipDestination {
    /// They are checked only.
    case nowhere
    case memory
    case file(PackedSplitWriter)

    var writer: PackedSplitWriter? { if case .file(let writer) = self { writer } else { nil } }

    /// Whether reading on is of no use, as what is read has nowhere to go.
    var mustStop: Bool { writer?.mustStop() == true }
}
