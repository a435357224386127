/// Cells under a header, each column as wide as its widest cell: the first and the last to the left, the others to the right.
struct TextColumns {
    let rows: [[String]]

    /// - Parameter rows: Each as long as the header.
    init(_ rows: [[String]], header: [String]) { self.rows = [header] + rows }

    var lines: [String] {
        let last = (rows.first?.count ?? 0) - 1
        let widths = (0...max(0, last)).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell -> String in
                if column == last { return cell }
                let fill = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + fill : fill + cell
            }.joined(separator: "  ")
        }.map { "  " + $0 }
    }
}
