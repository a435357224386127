import Measurements

/// How a text report is dressed: with colour on a terminal, plain everywhere else.
public struct TextStyle: Sendable {
    public var isColoured: Bool
    /// Columns a line may take.
    public var width: Int

    public init(isColoured: Bool, width: Int = 110) {
        self.isColoured = isColoured
        self.width = max(60, width)
    }

    enum Tone: Int {
        case bold = 1
        case faint = 2
        case red = 31
        case green = 32
        case yellow = 33
    }

    func dress(_ text: String, _ tone: Tone) -> String { isColoured ? "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m" : text }

    /// Breaks a text at blanks; lines after the first are indented too, those of a list's entry under its text.
    func wrapped(_ text: String, indent: Int = 2) -> String {
        let margin = String(repeating: " ", count: text.hasPrefix("- ") ? indent + 2 : indent)
        var lines: [String] = []
        var line = String(repeating: " ", count: indent)
        var isEmpty = true
        for word in ForeignText.printable(text).split(separator: " ") {
            if line.count + 1 + word.count > width, !isEmpty {
                lines.append(line)
                line = margin
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return (lines + [line]).joined(separator: "\n")
    }

    /// Rows with their columns aligned; numbers to the right.
    func table(_ header: [String], _ rows: [[String]], rightFrom: Int = 1) -> String {
        let rows = rows.map { $0.map(ForeignText.printable) }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column >= rightFrom ? space + cell : cell + space
            }
            return trimmed("  " + padded.joined(separator: "  "))
        }
        return ([dress(line(header), .faint)] + rows.map(line)).joined(separator: "\n")
    }

    private func trimmed(_ line: String) -> String { String(line.reversed().drop { $0 == " " }.reversed()) }
}
