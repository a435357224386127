import Measurements
import Testing

@testable import Reporting

@Suite struct TextStyleTests {
    let style = TextStyle(isColoured: false, width: 60)

    @Test(
        "columns are those of a terminal: two for wide characters, one for an accent with its letter",
        arguments: [
            ("ttft", 4), ("模型", 4), ("한국", 4), ("e\u{301}", 1), ("µs", 2), ("🚀", 2), ("→ ≤", 3), ("ｆｕ", 4), ("", 0),
        ])
    func columns(text: String, columns: Int) {
        #expect(text.columns == columns)
    }

    @Test("columns stay aligned beside wide characters")
    func aligned() {
        let table = style.table(["name", "p50"], [["模型", "1 s"], ["abcdef", "20 s"]])
        #expect(table == "  name     p50\n  模型     1 s\n  abcdef  20 s")
    }

    @Test("sentences of a last column go on under themselves")
    func prose() {
        let table = style.table(
            ["", "limit", ""], [["met", "a", "one two three four five six seven eight nine ten eleven twelve"]], rightFrom: 9,
            proseLast: true)
        #expect(
            table.split(separator: "\n") == [
                "       limit", "  met  a      one two three four five six seven eight nine", "              ten eleven twelve",
            ])
    }

    @Test("the entries of a list hang under their text")
    func list() {
        let text = style.wrapped("- " + Array(repeating: "word", count: 20).joined(separator: " "))
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("  - word") && lines[1].hasPrefix("    word"))
        #expect(lines.allSatisfy { $0.columns <= 60 })
    }
}
