import Documents
import Foundation
import Measurements
import Statistics
import TestSupport
import Testing

@testable import BenchmarkResults

@Suite struct ComparisonTests {
    private static func result(
        _ label: String, first: Double = 0.2, perToken: Double = 0.01, failing: Int = 0, seed: UInt64
    ) -> ComparableResult {
        let run = RunMaker.run([RunMaker.noisyStage(600, first: first, perToken: perToken, failing: failing, seed: seed)])
        return ComparableResult(run, options: RunMaker.options, label: label)
    }

    private static let before = result("before.json", seed: 1)

    @Test("two runs of one system show no regression")
    func same() throws {
        let comparison = BenchmarkComparison(Self.before, with: Self.result("again.json", seed: 2))
        #expect(comparison.regressions.isEmpty && comparison.isTested)
        try expectGolden(comparison.text, "same.txt")
    }

    @Test("a slower first token is a regression, a faster one is none, and what did not change is neither")
    func slower() throws {
        let after = Self.result("slower.json", first: 0.24, failing: 40, seed: 3)
        let comparison = BenchmarkComparison(Self.before, with: after)
        let names = comparison.regressions.map(\.quantity.name)
        #expect(names.contains("ttft p50") && names.contains("error rate") && !names.contains("tpot mean"))
        try expectGolden(comparison.text, "slower.txt")
        let back = BenchmarkComparison(after, with: Self.before)
        #expect(back.regressions.isEmpty && back.parts[0].figures.contains { $0.verdict == .better })
        let first = try #require(comparison.parts[0].figures.first { $0.quantity == .latency(.timeToFirstToken, .p50) })
        #expect(first.cliffsDelta.map { $0 > 0.4 && $0 < 0.9 } == true)
        #expect(first.interval.map { $0.contains(0.2) && !$0.contains(0) } == true)
    }

    @Test("a difference below the threshold is worse and yet no regression")
    func threshold() throws {
        let after = Self.result("slower.json", first: 0.24, seed: 3)
        let comparison = BenchmarkComparison(Self.before, with: after, options: ComparisonOptions(threshold: 0.5, shareThreshold: 0.9))
        #expect(comparison.regressions.isEmpty && comparison.parts[0].figures.contains { $0.verdict == .worse })
    }

    @Test("documents hold what a comparison needs")
    func documents() throws {
        let summaries = [1, 3].map { seed in
            BenchmarkSummary(
                RunMaker.run([RunMaker.noisyStage(600, first: seed == 1 ? 0.2 : 0.24, seed: UInt64(seed))]), options: RunMaker.options)
        }
        let read = try summaries.map { try ResultsDocument.summary(json: try ResultsDocument.json($0)) }
        let comparison = BenchmarkComparison(ComparableResult(read[0], label: "a"), with: ComparableResult(read[1], label: "b"))
        #expect(comparison.regressions.contains { $0.quantity == .latency(.timeToFirstToken, .p50) })
    }

    @Test("figures without requests or intervals are shown and not judged")
    func aggregates() throws {
        var run = SourceRun(label: "concurrency 8")
        run.reported.latencies[.timeToFirstToken] = Summary(
            count: 100, mean: 0.2, minimum: 0.1, maximum: 0.4, standardDeviation: 0.05,
            percentiles: [PercentileValue(level: .p99, value: 0.38)],
            method: .reported)
        run.reported.requestsPerSecond = 8
        var later = run
        later.reported.requestsPerSecond = 4
        let comparison = BenchmarkComparison(
            ComparableResult(reported: [run], label: "a.json"), with: ComparableResult(reported: [later], label: "b.json"))
        #expect(comparison.regressions.isEmpty && !comparison.isTested)
        try expectGolden(comparison.text, "aggregates.txt")
        let mixed = BenchmarkComparison(ComparableResult(reported: [run], label: "a.json"), with: Self.before)
        #expect(mixed.parts[0].figures.allSatisfy { $0.verdict == .notTested })
    }

    @Test("measurements of other tools are compared with ours as sent, and figures under two definitions are not")
    func measurements() throws {
        let records = RunMaker.noisyStage(500, first: 0.3, seed: 5).records
        let plain = ComparableResult(measurements: records.map(\.measurement), label: "theirs.jsonl")
        let comparison = BenchmarkComparison(Self.before, with: plain)
        #expect(comparison.regressions.contains { $0.quantity == .latency(.timeToFirstTokenAsSent, .p50) })
        let foreign = ComparableResult(
            measurements: records.map(\.measurement), definitions: [.timeToFirstToken: .timeToFirstEvent], label: "theirs.jsonl")
        let refused = BenchmarkComparison(Self.before, with: foreign).parts[0].figures.filter {
            $0.quantity.metric == .timeToFirstTokenAsSent
        }
        #expect(!refused.isEmpty && refused.allSatisfy { $0.verdict == .notTested && $0.change == nil })
    }

    @Test("stages are matched by their names, and what has no counterpart is named")
    func stages() {
        let both = RunMaker.run([RunMaker.noisyStage(100, label: "1/s"), RunMaker.noisyStage(100, label: "2/s")])
        let other = RunMaker.run([RunMaker.noisyStage(100, label: "2/s"), RunMaker.noisyStage(100, label: "3/s")])
        let comparison = BenchmarkComparison(ComparableResult(both, label: "a"), with: ComparableResult(other, label: "b"))
        #expect(comparison.parts.map(\.name) == ["2/s"] && comparison.notes == ["'1/s' is in a only.", "'3/s' is in b only."])
        let nothing = BenchmarkComparison(ComparableResult(label: "a", parts: []), with: ComparableResult(label: "b", parts: []))
        #expect(nothing.notes == ["The two have no figure in common."])
    }

    @Test("of many runs of one system few are called a regression")
    func falseAlarms() {
        let results = (0..<20).map { seed in
            ComparableResult(measurements: RunMaker.noisyStage(400, seed: UInt64(100 + seed)).records.map(\.measurement), label: "run")
        }
        let found = zip(results.dropFirst(), results).count { later, earlier in
            !BenchmarkComparison(earlier, with: later, options: ComparisonOptions(threshold: 0)).regressions.isEmpty
        }
        #expect(found <= 2, "\(found) of 19")
    }

    @Test("the same for machines")
    func json() throws {
        let document = BenchmarkComparison(Self.before, with: Self.result("slower.json", first: 0.24, seed: 3)).document
        let read = try JSONDocument.parse(document.json)
        #expect(read["regression"]?.boolean == true && read["tested"]?.boolean == true)
        let figures = try #require(read["stages"]?.elements.first?["figures"]?.elements)
        #expect(figures.contains { $0.text("figure") == "ttft p50" && $0.text("verdict") == "worse" && $0["regression"]?.boolean == true })
    }
}
