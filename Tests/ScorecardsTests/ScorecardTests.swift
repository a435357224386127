import BackTesting
import Documents
import Scorecards
import TestSupport
import Testing

@Suite("A scorecard")
struct ScorecardTests {
    private func row(_ name: String, attainment: [Double], hours: [Double], verdicts: Bool = false) -> Scorecard.Row {
        let figures = zip(attainment, hours).enumerated().map { index, pair -> [ScoreFigure: Double] in
            var figures: [ScoreFigure: Double] = [
                .attainment: pair.0, .gpuHours: pair.1, .clairvoyantRatio: pair.1 / 10, .goodput: 5 * pair.0, .ttftP50: 0.112,
                .ttftP95: 2 - 1.2 * pair.0 + 0.01 * Double(index), .ttftP99: 1.4, .tpotP50: 0.021, .tpotP95: 0.034, .tpotP99: 0.041,
                .reversalsPerHour: 0.5, .podStartsPerHour: 2.25, .missedMinutes: 4, .harmMinutes: Double(index),
            ]
            if pair.0 < 1 { figures[.timeToRecover] = 120 }
            if verdicts {
                figures[.verdictErrors] = 0
                figures[.verdicts] = 3
            }
            return figures
        }
        return Scorecard.Row(name: name, figures: figures)
    }

    private func circumstances(_ trace: String = "step:before=2,after=6,at=30m") -> Scorecard.Circumstances {
        Scorecard.Circumstances(
            trace: trace, requests: 14_400, seconds: 3_600, meanInputTokens: 1_154.7, meanOutputTokens: 211,
            engine: "Llama-2-70B on 4xH100 SXM (TP4)", objective: "first token within 2 s + 3 × prefill, tokens 50 ms apart", target: 0.99,
            warmUpSeconds: 900, coldStartSeconds: 150, minimumReplicas: 1, maximumReplicas: 24, replicasAtFirst: 2,
            notes: ["Arrivals are drawn."])
    }

    private var card: Scorecard {
        Scorecard(
            rows: [
                row("chat-70b", attainment: [0.991, 0.993, 0.9952], hours: [12, 12.4, 12.2], verdicts: true),
                row("hpa", attainment: [0.992, 0.992, 0.9961], hours: [15, 15.6, 15.1]),
                row("fixed:2", attainment: [0.71, 0.72, 0.69], hours: [8, 8, 8]),
                row("fixed:8", attainment: [1, 1, 1], hours: [32, 32, 32]),
            ], circumstances: circumstances(), seeds: [1, 2, 3])
    }

    @Test("tells every contestant, their differences on the same seeds and what the figures mean")
    func text() throws { try expectGolden(card.text, "scorecard.txt") }

    @Test("is a page that needs nothing else, with the Pareto chart")
    func page() throws {
        let page = card.html(toolVersion: "1.2.3")
        try expectGolden(page, "scorecard.html")
        #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"))
    }

    @Test("is a document with every seed")
    func json() throws {
        let text = try card.json(toolVersion: "1.2.3")
        let document = try Array(text.utf8).withUnsafeBytes { try JSONDocument.parse($0) }
        let contestants = try #require(document["contestants"]).elements
        #expect(contestants.count == 4 && document["reference"]?.text == "chat-70b")
        let hours = try #require(contestants[1]["differences"]?["gpuHours"])
        #expect(abs(try #require(hours["mean"]?.number.value) - 3.0333333) < 1e-6)
        let (lower, upper) = (try #require(hours["lower95"]?.number.value), try #require(hours["upper95"]?.number.value))
        // Differences of 3, 3.2 and 2.9: 4.303 · 0.15275 / √3 on either side.
        #expect(abs(upper - lower - 2 * 0.37946) < 1e-3)
        #expect(contestants[0]["figures"]?["attainment"]?["bySeed"]?.elements.count == 3)
        #expect(contestants[3]["figures"]?["timeToRecover"] == nil, "nothing was missed, which is not a recovery in no time")
        #expect(document["paretoFront"]?.elements.compactMap(\.text) == ["fixed:2", "chat-70b", "hpa", "fixed:8"])
    }

    @Test("one seed has no intervals, and says so; what one contestant never had is a dash")
    func oneSeed() {
        let card = Scorecard(
            rows: [row("chat-70b", attainment: [0.9], hours: [3], verdicts: true), row("fixed:1", attainment: [0.8], hours: [4])],
            circumstances: circumstances(), seeds: [1])
        #expect(!card.text.contains("±") && card.text.contains("--seeds") && card.text.contains("–"))
        #expect(card.paretoFront.map(\.name) == ["chat-70b"])
    }

    @Test("names are shown and never obeyed")
    func hostileNames() {
        let name = "<script>\u{1B}[31m&\"'"
        let card = Scorecard(
            rows: [row(name, attainment: [0.9], hours: [3])], circumstances: circumstances("</title><b>\u{202E}"), seeds: [1])
        let page = card.html(toolVersion: "<i>")
        #expect(!page.contains("<script") && !page.contains("<b>") && !page.contains("<i>") && !page.contains("\u{1B}"))
        #expect(!card.text.contains("\u{1B}") && !card.text.contains("\u{202E}"))
    }

    @Test("figures that are not there leave a chart out rather than drawing nothing as something")
    func empty() {
        let card = Scorecard(rows: [Scorecard.Row(name: "a", figures: [[:]])], circumstances: circumstances(), seeds: [1])
        #expect(!card.html(toolVersion: "1").contains("<svg") && card.paretoFront.isEmpty)
        #expect(card.text.contains("Back-test on"))
    }
}
