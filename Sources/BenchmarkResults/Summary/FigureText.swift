/// Figures for people, three significant digits.
enum FigureText {
    /// `0.82 ms`, `35 ms`, `1 250 ms` are all in milliseconds, so that a column of them can be compared.
    static func milliseconds(_ seconds: Double) -> String { significant(seconds * 1_000) + " ms" }

    static func seconds(_ seconds: Double) -> String { significant(seconds) + " s" }

    /// Of a share in `0...1`.
    static func percent(_ share: Double) -> String { significant(share * 100) + " %" }

    /// Three significant digits, without an exponent and without trailing zeros; whole where larger than 100.
    static func significant(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        var digits = 0
        var size = abs(value)
        while size > 0, size < 100, digits < 6 {
            size *= 10
            digits += 1
        }
        return fixed(value, digits: digits)
    }

    /// A number of digits after the point, trailing zeros cut.
    private static func fixed(_ value: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 1e15 else { return "\(value)" }
        var text = String(Int64(scaled))
        let sign = value < 0 && scaled > 0 ? "−" : ""
        guard digits > 0 else { return sign + text }
        text = String(repeating: "0", count: max(0, digits + 1 - text.utf8.count)) + text
        var fraction = text.suffix(digits)
        while fraction.last == "0" { fraction.removeLast() }
        let whole = text.dropLast(digits)
        return sign + (fraction.isEmpty ? String(whole) : "\(whole).\(fraction)")
    }
}
