/// Shows on standard error how far a training has come.
///
/// On a terminal one line is redrawn in place, as wide as the terminal is at that moment; elsewhere a plain line comes
/// now and then. Either way at most once in an interval, so that a training of short steps is not held up.
struct ProgressBar {
    /// What is shown of a step.
    struct State {
        /// Where among several trainings this one is.
        var place: [String] = []
        var epoch: Int
        var epochs: Int
        var step: Int
        var steps: Int
        var loss: Double
        var clipsPerSecond: Double
        var secondsLeft: Double
    }

    private let isTerminal: Bool
    private let columns: () -> Int
    private let write: (String) -> Void
    private let interval: Duration
    private var lastShown: ContinuousClock.Instant?
    private var isDrawn = false

    init(
        isTerminal: Bool = StandardError.isTerminal,
        columns: @escaping () -> Int = { StandardError.columns },
        write: @escaping (String) -> Void = StandardError.write
    ) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.write = write
        interval = isTerminal ? .milliseconds(100) : .seconds(10)
    }

    /// Shows `state` unless something was shown a moment ago. The first plain line comes after one interval.
    mutating func show(_ state: @autoclosure () -> State, now: ContinuousClock.Instant = .now) {
        if let lastShown, now - lastShown < interval { return }
        let isFirst = lastShown == nil
        lastShown = now
        if isTerminal {
            // Carriage return, the line, and clearing what is left of a longer one.
            write("\r" + Self.line(state(), columns: columns()) + "\u{1B}[K")
            isDrawn = true
        } else if !isFirst {
            write(Self.words(state()).joined(separator: "  ") + "\n")
        }
    }

    /// Prints a line that stays, above the bar.
    mutating func print(_ line: String) {
        clear()
        write(line + "\n")
    }

    /// Takes the bar away.
    mutating func clear() {
        guard isDrawn else { return }
        write("\r\u{1B}[K")
        isDrawn = false
        lastShown = nil
    }

    /// One line of at most `columns` - 1 characters, since a full one would wrap: the bar takes what the words leave,
    /// and where they do not fit, the last ones are left out.
    static func line(_ state: State, columns: Int) -> String {
        let room = max(columns - 1, 0)
        var words = words(state)
        while words.count > 1, words.joined(separator: "  ").count > room { words.removeLast() }
        let text = String(words.joined(separator: "  ").prefix(room))
        let cells = min(room - text.count - 4, 40)
        guard cells >= 5 else { return text }
        let filled = state.steps > 0 ? min(cells * state.step / state.steps, cells) : 0
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: cells - filled)
        return "[\(bar)]  \(text)"
    }

    /// The most important first.
    private static func words(_ state: State) -> [String] {
        state.place + [
            "epoch \(state.epoch)/\(state.epochs)",
            "step \(state.step)/\(state.steps)",
            "loss \(Readable.decimal(state.loss, 4))",
            "\(Readable.rounded(state.clipsPerSecond)) clips/s",
            "\(Readable.time(state.secondsLeft)) left",
        ]
    }
}
