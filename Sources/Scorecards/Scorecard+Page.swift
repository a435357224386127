public import BackTesting
import Pages
import Policies

extension Scorecard {
    /// The scorecard as one page that needs nothing else: no script, no font, no image from anywhere.
    public func html(toolVersion: String) -> String {
        let page: Markup = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(headline)</title><style>\(Markup.style)</style></head><body><main>
            <h1>\(headline)</h1>\(setting.map { line -> Markup in #"<p class="soft">\#(line)</p>"# })
            <h2>In time against GPU-hours</h2>\(ParetoChart(self)?.markup ?? "")
            <p class="soft">Better is to the upper left. The dashed line joins those that none beats in both.</p>
            \(Self.tables.map(section))\(differenceSection)
            <h2>Notes</h2><ul>\(remarks.map { remark -> Markup in "<li>\(remark)</li>" })</ul>
            <p class="soft">llm-auto-optimizer \(toolVersion) · seeds \(seeds.map(String.init).joined(separator: ", "))</p>
            </main></body></html>

            """
        return page.text
    }

    private func section(_ title: String, _ figures: [ScoreFigure]) -> Markup {
        let shown = figures.filter { figure in rows.contains { $0.estimate(figure) != nil } }
        guard !shown.isEmpty else { return "" }
        let body = rows.map { row -> Markup in
            line(row.name, shown.map { figure -> Markup in #"<td class="n">\#(figure.text(row.estimate(figure)))</td>"# })
        }
        return table(title, shown, body)
    }

    private var differenceSection: Markup {
        guard let reference, rows.count > 1 else { return "" }
        let shown = Self.compared.filter { reference.estimate($0) != nil }
        let body = rows.dropFirst().map { row -> Markup in
            line(
                row.name,
                shown.map { figure -> Markup in
                    let difference = row.difference(figure, to: reference)
                    let tone: Markup = figure.isBetter(difference).map { $0 ? " good" : " bad" } ?? ""
                    return #"<td class="n\#(tone)">\#(figure.difference(difference))</td>"#
                })
        }
        return table("Difference to \(reference.name), on the same seeds", shown, body)
    }

    private func table(_ title: String, _ figures: [ScoreFigure], _ body: [Markup]) -> Markup {
        let heads = figures.map { figure -> Markup in #"<th class="n">\#(figure.title)</th>"# }
        return """
            <h2>\(title)</h2><div class="wide"><table><thead><tr><th></th>\(heads)</tr></thead><tbody>\(body)</tbody></table></div>
            """
    }

    private func line(_ name: String, _ cells: [Markup]) -> Markup { "<tr><td>\(name)</td>\(cells)</tr>" }
}
