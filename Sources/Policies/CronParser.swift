/// Reads the fields of a cron expression, each with the column it starts at.
struct CronParser {
    enum Field: Int, CaseIterable {
        case minute, hour, dayOfMonth, month, dayOfWeek

        var name: String { ["minute", "hour", "day of month", "month", "day of week"][rawValue] }
        var range: ClosedRange<Int> { [0...59, 0...23, 1...31, 1...12, 0...7][rawValue] }

        var names: [String] {
            switch self {
            case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
            case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
            case .minute, .hour, .dayOfMonth: []
            }
        }
    }

    private struct Part {
        let text: Substring
        let column: Int
    }

    private let parts: [Part]
    private static let longestText = 256
    private static let shortcuts = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
        "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    init(_ text: String) throws(CronSyntaxError) {
        guard text.utf8.count <= Self.longestText else {
            throw CronSyntaxError(column: Self.longestText + 1, message: "longer than \(Self.longestText) bytes")
        }
        let written = Self.split(text[...])
        if let first = written.first, first.text.hasPrefix("@") {
            guard written.count == 1, let expansion = Self.shortcuts[first.text.lowercased()] else {
                let known = Self.shortcuts.keys.sorted().joined(separator: ", ")
                throw CronSyntaxError(column: first.column, message: "unknown shortcut '\(first.text)'; known are \(known)")
            }
            parts = Self.split(expansion[...]).map { Part(text: $0.text, column: first.column) }
            return
        }
        guard written.count == Field.allCases.count else {
            let hint = written.count == 6 ? "; seconds and years are not supported" : ""
            throw CronSyntaxError(
                column: written.count > 5 ? written[5].column : text.count + 1,
                message: "expected five fields (minute, hour, day of month, month, day of week), found \(written.count)\(hint)")
        }
        parts = written
    }

    func column(of field: Field) -> Int { parts[field.rawValue].column }

    func field(_ field: Field) throws(CronSyntaxError) -> (bits: UInt64, beginsWithStar: Bool) {
        let part = parts[field.rawValue]
        var bits: UInt64 = 0
        for item in split(part, at: ",") { bits |= try self.item(item, in: field) }
        return (bits, part.text.hasPrefix("*"))
    }

    /// `*`, `5`, `MON`, `1-5`, each with an optional step such as `/2`.
    private func item(_ item: Part, in field: Field) throws(CronSyntaxError) -> UInt64 {
        let pieces = split(item, at: "/")
        guard pieces.count <= 2 else { throw CronSyntaxError(column: pieces[2].column, message: "a second '/' in '\(item.text)'") }
        var range = try self.range(pieces[0], in: field)
        if pieces.count == 2 {
            guard let step = Int(pieces[1].text), (1...field.range.upperBound).contains(step) else {
                throw CronSyntaxError(
                    column: pieces[1].column,
                    message: "the step of the \(field.name) must be a number from 1 to \(field.range.upperBound), found '\(pieces[1].text)'"
                )
            }
            if range.count == 1 { range = range.lowerBound...field.range.upperBound }
            return stride(from: range.lowerBound, through: range.upperBound, by: step).reduce(0) { $0 | 1 << UInt64($1) }
        }
        return range.reduce(0) { $0 | 1 << UInt64($1) }
    }

    private func range(_ piece: Part, in field: Field) throws(CronSyntaxError) -> ClosedRange<Int> {
        if piece.text == "*" { return field == .dayOfWeek ? 0...6 : field.range }
        let ends = split(piece, at: "-")
        guard ends.count <= 2 else { throw CronSyntaxError(column: ends[2].column, message: "a second '-' in '\(piece.text)'") }
        let low = try value(ends[0], in: field)
        guard ends.count == 2 else { return low...low }
        let high = try value(ends[1], in: field)
        guard low <= high else {
            throw CronSyntaxError(
                column: piece.column, message: "the range '\(piece.text)' runs backwards; write it as a list of two ranges")
        }
        return low...high
    }

    private func value(_ piece: Part, in field: Field) throws(CronSyntaxError) -> Int {
        if let index = field.names.firstIndex(of: piece.text.uppercased()) { return index + field.range.lowerBound }
        if let number = Int(piece.text), field.range.contains(number), piece.text.allSatisfy(\.isNumber) { return number }
        let names = field.names.isEmpty ? "" : " or a name such as \(field.names[1])"
        let hint = piece.text == "?" ? "; write '*' for any" : ""
        throw CronSyntaxError(
            column: piece.column,
            message:
                "the \(field.name) must be from \(field.range.lowerBound) to \(field.range.upperBound)\(names), found '\(piece.text)'\(hint)"
        )
    }

    private func split(_ part: Part, at separator: Character) -> [Part] {
        var pieces: [Part] = []
        var column = part.column
        for piece in part.text.split(separator: separator, omittingEmptySubsequences: false) {
            pieces.append(Part(text: piece, column: column))
            column += piece.count + 1
        }
        return pieces
    }

    private static func split(_ text: Substring) -> [Part] {
        var parts: [Part] = []
        var start: (index: Substring.Index, column: Int)?
        var column = 1
        for index in text.indices {
            let isBlank = text[index] == " " || text[index] == "\t"
            if isBlank, let begun = start {
                parts.append(Part(text: text[begun.index..<index], column: begun.column))
                start = nil
            } else if !isBlank, start == nil {
                start = (index, column)
            }
            column += 1
        }
        if let begun = start { parts.append(Part(text: text[begun.index...], column: begun.column)) }
        return parts
    }
}
