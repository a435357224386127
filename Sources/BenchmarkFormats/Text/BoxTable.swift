import Measurements

/// A table drawn with lines, as wide as its cells; numbers to the right.
struct BoxTable {
    private let rows: [[String]]
    private let widths: [Int]

    /// - Parameter rows: Each with as many cells as the header.
    init(header: [String], rows: [[String]]) {
        let all = ([header] + rows).map { $0.map(ForeignText.printable) }
        self.rows = all
        widths = header.indices.map { column in all.map { $0[column].columns }.max() ?? 0 }
    }

    /// With an end of line behind every line.
    var text: String {
        let lines = rows.map { "│ " + zip($0, widths).enumerated().map(cell).joined(separator: " │ ") + " │\n" }
        return rule("┌", "┬", "┐") + lines[0] + rule("├", "┼", "┤") + lines.dropFirst().joined() + rule("└", "┴", "┘")
    }

    private func cell(_ column: Int, _ content: (text: String, width: Int)) -> String {
        let space = String(repeating: " ", count: max(0, content.width - content.text.columns))
        return column == 0 ? content.text + space : space + content.text
    }

    private func rule(_ left: String, _ middle: String, _ right: String) -> String {
        left + widths.map { String(repeating: "─", count: $0 + 2) }.joined(separator: middle) + right + "\n"
    }
}
