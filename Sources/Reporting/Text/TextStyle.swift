import Measurements

/// How a text report is dressed: with colour on a terminal, plain everywhere else.
///
/// Whatever a text holds, the terminal shows it and obeys nothing in it.
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

    func dress(_ text: String, _ tone: Tone) -> String {
        let text = ForeignText.printable(text)
        return isColoured ? "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Breaks a text at blanks; lines after the first are indented too, those of a list's entry under its text.
    func wrapped(_ text: String, indent: Int = 2) -> String {
        let margin = String(repeating: " ", count: indent)
        let hanging = text.hasPrefix("- ") ? margin + "  " : margin
        let lines = broken(text, first: width - indent, others: width - hanging.count)
        return lines.enumerated().map { ($0 == 0 ? margin : hanging) + $1 }.joined(separator: "\n")
    }

    /// Rows with their columns aligned; numbers to the right.
    /// - Parameter proseLast: The last column holds sentences, which are broken to fit and go on under themselves.
    func table(_ header: [String], _ rows: [[String]], rightFrom: Int = 1, proseLast: Bool = false) -> String {
        let rows = rows.map { $0.map(ForeignText.printable) }
        var widths = header.indices.map { column in ([header] + rows).map { $0[column].columns }.max() ?? 0 }
        let taken = widths.dropLast().reduce(2) { $0 + $1 + 2 }
        if proseLast { widths[widths.count - 1] = min(widths.last ?? 0, max(width - taken, Self.narrowestProse)) }
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { column, cell in
                let space = String(repeating: " ", count: max(0, widths[column] - cell.columns))
                return column >= rightFrom ? space + cell : cell + space
            }
            return trimmed("  " + padded.joined(separator: "  "))
        }
        func lines(_ cells: [String]) -> [String] {
            guard proseLast, let prose = cells.last, let room = widths.last else { return [line(cells)] }
            let parts = broken(prose, first: room, others: room)
            let margin = String(repeating: " ", count: taken)
            return [line(cells.dropLast() + parts.prefix(1))] + parts.dropFirst().map { margin + $0 }
        }
        return ([dress(line(header), .faint)] + rows.flatMap(lines)).joined(separator: "\n")
    }

    /// Sentences beside a table are not squeezed below this many columns.
    private static let narrowestProse = 16

    /// A word longer than a line stands alone and runs over.
    private func broken(_ text: String, first: Int, others: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in ForeignText.printable(text).split(separator: " ") {
            if !line.isEmpty, line.columns + 1 + word.columns > (lines.isEmpty ? first : others) {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }

    private func trimmed(_ line: String) -> String { String(line.reversed().drop { $0 == " " }.reversed()) }
}
