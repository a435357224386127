import Foundation
import Learning
import Pages
import Policies
import Testing

@testable import Reporting

@Suite struct PageTests {
    @Test("the page needs nothing from anywhere and allows no script", arguments: SampleReports.all.map(\.name))
    func selfContained(name: String) throws {
        let html = try ReportTests.report(name).html
        #expect(html.hasPrefix("<!doctype html>"))
        for outside in ["<script", "<link", "<img", "@import", "url(", "src="] { #expect(!html.contains(outside), "\(outside)") }
        #expect(html.contains("default-src 'none'"))
        #expect(html.contains(try ReportTests.report(name).headline))
    }

    @Test("a hostile name is text and nothing else")
    func escaped() throws {
        let name = #"</title><script>alert("1")</script><b x='"#
        var policy = SampleReports.policy
        policy.name = name
        let html = SampleReports.report(policy, model: name).html
        #expect(!html.contains("<script") && !html.contains("<b x="))
        #expect(html.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;b x=&#39;"))
    }

    @Test("marks that turn the reading direction are shown, not obeyed")
    func directionMarks() {
        let html = SampleReports.report(model: "a\u{202E}b\u{1}c").html
        #expect(!html.unicodeScalars.contains("\u{202E}") && !html.unicodeScalars.contains("\u{1}"))
    }

    @Test("what is predicted stands beside its chart in figures, with the interval")
    func figures() throws {
        let effect = PredictedEffect(
            outcomes: [.throughput: EffectEstimate(logRatio: 0.3, deviation: 0.5), .cost: EffectEstimate(logRatio: 0, deviation: 0)],
            source: .physicalPrior, reasoning: [])
        let chart = Charts.effects(effect).text
        #expect(chart.contains(">+35 % (−41 % to +207 %)</text>") && chart.contains(">±0 %</text>"))
        #expect(chart.contains("throughput +35 % (−41 % to +207 %); cost ±0 %"))
        #expect(chart.components(separatedBy: "<path").count == 2, "only the interval beyond the edge has an arrow")
    }

    @Test("every tag that is opened is closed")
    func wellFormed() throws {
        for (_, report) in SampleReports.all {
            var open: [String] = []
            let voids: Set<String> = ["meta", "!doctype", "rect", "line", "circle", "path"]
            for match in report.html.matches(of: #/<(/?)([a-zA-Z!0-9]+)[^>]*?(/?)>/#) {
                let tag = String(match.2)
                if voids.contains(tag), match.1.isEmpty, !match.3.isEmpty || !["circle"].contains(tag) { continue }
                if match.1.isEmpty { open.append(tag) } else { #expect(open.popLast() == tag) }
            }
            #expect(open.isEmpty, "\(open)")
        }
    }

    @Test("charts say in words what they show")
    func accessible() {
        let html = SampleReports.recommending.html
        let charts = html.components(separatedBy: "<svg ").dropFirst()
        #expect(charts.count >= 3)
        for chart in charts { #expect(chart.contains("aria-label=") && chart.contains("<title>")) }
    }

    @Test("a scale places ends at its ends and has readable ticks", arguments: [(0.001, 10.0), (0.1, 0.12), (1e-6, 1e-5)])
    func scale(low: Double, high: Double) {
        let scale = LogarithmicScale(low: low, high: high, from: 0, to: 100)
        #expect(abs(scale.position(low)) < 1e-9 && abs(scale.position(high) - 100) < 1e-9)
        #expect(scale.ticks.count <= 8)
        #expect(scale.ticks.allSatisfy { $0 >= low && $0 <= high })
    }
}
