import BenchmarkResults
import Measurements
import Statistics
import TestSupport
import Testing

@testable import BenchmarkFormats

@Suite struct TextTests {
    @Test("a run of one stage reads as it should")
    func plain() throws { try expectGolden(text(SampleRuns.plain, priced), "plain.txt") }

    @Test("a sweep begins with how latency goes with load")
    func sweep() throws { try expectGolden(text(SampleRuns.sweep, priced), "sweep.txt") }

    @Test("few requests have dashes with their reason, hostile names are shown and not obeyed")
    func hostile() throws {
        let text = text(SampleRuns.hostile)
        try expectGolden(text, "hostile.txt")
        #expect(text.contains("–") && text.contains("p99 needs 368 requests, there is 1"))
        #expect(!text.unicodeScalars.contains("\u{1B}") && !text.unicodeScalars.contains("\u{202E}"))
    }

    @Test("a percentile of requests that resemble their neighbours has an asterisk and a reason")
    func alike() {
        var run = SampleRuns.plain
        // One burst of eight slow requests: three of them are all that lies above P99.
        for index in 201..<209 {
            let added = Nanoseconds(seconds: 5 + Double(index - 201) / 10)
            run.stages[0].records[index].moments.firstContent = run.stages[0].records[index].moments.firstContent.map { $0 + added }
        }
        let text = text(run)
        #expect(text.contains("* │") && text.contains("  * p99 needs 368 independent requests;"))
    }

    @Test("a run without requests says so")
    func empty() {
        var run = SampleRuns.empty
        run.stages = [
            BenchmarkStage(label: "none", load: OfferedLoad(shape: .closed, concurrency: 1), duration: Nanoseconds(0), records: [])
        ]
        let text = text(run)
        #expect(text.contains("Success Rate: n/a (no request ended)") && text.contains("n/a: not measured"))
    }

    @Test("every line of a table is as wide as the others")
    func aligned() {
        for line in BoxTable(header: ["Name", "Value"], rows: [["模型", "1"], ["e\u{301}", "12345.6"]]).text.split(separator: "\n") {
            #expect(line.columns == 18, "\(line)")
        }
    }

    @Test(
        "milliseconds keep three digits where they are small",
        arguments: [(0.2342, "234.2"), (1.2345, "1234.5"), (0.0082, "8.20"), (0.000_82, "0.820"), (0, "0.0"), (-0.001, "-1.00")])
    func milliseconds(seconds: Double, text: String) { #expect(figure(seconds) == text) }

    private var priced: SummaryOptions {
        let price = ModelPrice(model: "llama-3.1-8b", inputPerMillion: 0.05, outputPerMillion: 0.1)
        let prices = PriceTable(asOf: "2026-11-01", source: "test", prices: [price])
        let limit = BenchmarkObjective.Limit(metric: .timeToFirstToken, limit: Nanoseconds(milliseconds: 150))
        return SummaryOptions(objective: BenchmarkObjective(limits: [limit], attainment: 0.9), prices: prices)
    }

    private func text(_ run: BenchmarkRun, _ options: SummaryOptions = SummaryOptions()) -> String {
        ResultsText(run, BenchmarkSummary(run, options: options)).text
    }
}

@Suite struct LoadProgressTests {
    private func progress(requests: Int) -> LoadProgress {
        var progress = LoadProgress(label: "10/s", stage: 2, stages: 3, elapsed: Nanoseconds(seconds: 12))
        for index in 0..<requests {
            progress.timeToFirstToken.record(0.1 + Double(index) / 1_000)
            progress.timePerOutputToken.record(0.02)
        }
        progress.succeeded = requests
        progress.failed = requests / 100
        progress.inFlight = 32
        progress.done = 0.4
        progress.timeLeft = Nanoseconds(seconds: 78)
        return progress
    }

    @Test("a plain line tells all in words")
    func plain() {
        #expect(
            progress(requests: 100).plainLine
                == "stage 2 of 3 (10/s), 12 s: 101 done, 8.42 requests/s, 32 in flight, 1 error (0.99 %), "
                + "TTFT p50 149 ms p95 194 ms, TPOT p50 20 ms p95 20 ms, 1 min 18 s left")
    }

    @Test("percentiles come only once there are requests enough for them")
    func few() {
        #expect(
            progress(requests: 0).plainLine == "stage 2 of 3 (10/s), 12 s: 0 done, 0 requests/s, 32 in flight, no errors, 1 min 18 s left")
        #expect(!progress(requests: 5).plainLine.contains("TTFT"))
        #expect(progress(requests: 6).plainLine.contains("TTFT p50") && !progress(requests: 6).plainLine.contains("p95"))
        #expect(progress(requests: 400).plainLine.contains("p99"))
    }

    @Test("a terminal's line never wraps", arguments: [1, 20, 40, 79, 200])
    func fits(columns: Int) {
        var progress = progress(requests: 400)
        progress.label = "模型 \u{1B}[2J"
        let line = progress.terminalLine(columns: columns)
        #expect(line.hasPrefix(LoadProgress.clearLine))
        let shown = line.dropFirst(LoadProgress.clearLine.count)
        #expect(shown.columns < max(columns, 2) && !shown.unicodeScalars.contains("\u{1B}"))
        if columns == 200 { #expect(shown.hasPrefix("████████░░░░░░░░░░░░ 40 %  1 min 18 s left  stage 2 of 3")) }
    }

    @Test("without an end in sight there is neither a bar nor a time left, and nothing is divided by zero")
    func unknown() {
        let progress = LoadProgress(label: "soak", elapsed: Nanoseconds(0))
        #expect(progress.plainLine == "soak, 0 s: 0 done, 0 in flight, no errors")
        #expect(progress.terminalLine(columns: 80) == LoadProgress.clearLine + "soak  0 done  0 in flight  no errors")
    }
}
