public import BackTesting
import Measurements

extension Scorecard {
    /// The scorecard for a terminal.
    public var text: String {
        var blocks = [[headline] + setting.map { "  " + $0 }]
        for table in Self.tables {
            let shown = table.figures.filter { figure in rows.contains { $0.estimate(figure) != nil } }
            guard !shown.isEmpty else { continue }
            let lines = Self.table([""] + shown.map(\.title), rows.map { row in [row.name] + shown.map { $0.text(row.estimate($0)) } })
            blocks.append([table.title] + lines)
        }
        if let differences { blocks.append(differences) }
        blocks.append(["Pareto front, cheapest first: " + paretoFront.map(\.name).joined(separator: ", ")])
        blocks.append(["Notes"] + remarks.map { "  - " + $0 })
        return blocks.map { $0.map(ForeignText.printable).joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private var differences: [String]? {
        guard let reference, rows.count > 1 else { return nil }
        let shown = Self.compared.filter { reference.estimate($0) != nil }
        let lines = rows.dropFirst().map { row in [row.name] + shown.map { $0.difference(row.difference($0, to: reference)) } }
        return ["Difference to \(reference.name), on the same seeds"] + Self.table([""] + shown.map(\.title), Array(lines))
    }

    /// Columns aligned, all but the first to the right.
    private static func table(_ header: [String], _ rows: [[String]]) -> [String] {
        let all = ([header] + rows).map { $0.map(ForeignText.printable) }
        let widths = header.indices.map { column in all.map { $0[column].columns }.max() ?? 0 }
        return all.map { cells in
            let padded = cells.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.columns)
                return column == 0 ? cell + space : space + cell
            }
            return "  " + padded.joined(separator: "  ")
        }
    }
}
