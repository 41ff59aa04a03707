/// Rows of words in columns as wide as their widest word, the first to the left and the others to the right.
struct TextTable {
    private var rows: [[String]] = []

    mutating func add(_ words: [String]) { rows.append(words) }

    /// A line per row, each ended by a line feed.
    var text: String {
        var widths: [Int] = []
        for row in rows {
            for (column, word) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], word.count)
            }
        }
        var text = ""
        for row in rows {
            let line = row.enumerated().map { column, word in
                let space = String(repeating: " ", count: widths[column] - word.count)
                return column == 0 ? word + space : space + word
            }.joined(separator: "  ")
            text += String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }
        return text
    }
}
