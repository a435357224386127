import BenchmarkResults
import Measurements
import Policies
import Statistics

/// One stage: its table of latencies, and the lines below it.
struct StageText {
    private let summary: StageSummary
    private let records: [RequestRecord]
    private let isOnly: Bool

    init(_ stage: BenchmarkStage, _ summary: StageSummary, isOnly: Bool) {
        self.summary = summary
        records = stage.measuredRecords
        self.isOnly = isOnly
    }

    var text: String {
        let table = LatencyTable(whole, tokensPerSecond: records.compactMap(\.tokensPerSecond))
        let parts = [
            isOnly ? "" : "Stage \(ForeignText.printable(summary.label)), \(FigureText.number(summary.duration.seconds)) s\n", table.text,
            table.footnotes,
            rates, tokens, cost, success, goodput, groups, list("Warnings", summary.warnings),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var whole: LoadSummary { summary.whole }

    private func section(_ title: String, _ facts: [String?]) -> String {
        let known = facts.compactMap(\.self)
        return known.isEmpty ? "" : "\(title):\n  \(row(known))\n"
    }

    private var rates: String {
        let rates = whole.throughput
        let lag = whole.latencies[.scheduleLag]
        return section(
            "Throughput",
            [
                rates.requestsPerSecond.map { "\(FigureText.number($0)) requests/s" },
                rates.outputTokensPerSecond.map { "\(FigureText.number($0)) output tokens/s" },
                rates.requestedRate.map { "Requested: \(FigureText.number($0))/s" },
                rates.achievedRate.map { "Sent: \(FigureText.number($0))/s" },
                summary.load.isOpen
                    ? lag.map {
                        "Schedule lag: mean \(FigureText.latency(seconds: $0.mean)), max \(FigureText.latency(seconds: $0.maximum))"
                    } : nil,
                rates.meanConcurrency.map { "In flight: \(FigureText.number($0))" },
            ])
    }

    private var tokens: String {
        let tokens = whole.tokens
        guard tokens.input != nil || tokens.output != nil else { return "Token Usage:\n  unknown: no answer told its tokens\n" }
        let total = tokens.input.flatMap { input in tokens.output.map { saturatingSum([input, $0]) } }
        return section(
            "Token Usage",
            [
                tokens.input.map { "Prompt: \(grouped($0)) tokens" }, tokens.output.map { "Completion: \(grouped($0)) tokens" },
                total.map { "Total: \(grouped($0)) tokens" }, tokens.reasoning.map { "Reasoning: \(grouped($0))" },
                tokens.cachedInput.map { "Cached: \(grouped($0))" },
                tokens.isEstimated ? "estimated for \(grouped(tokens.estimatedRequests)) requests" : nil,
            ])
    }

    private var cost: String {
        let cost = whole.cost
        guard let total = cost.total else {
            return "Cost Analysis:\n  unknown: \(ForeignText.printable(cost.unknown ?? "no request was answered"))\n"
        }
        func money(_ value: Double) -> String { cost.currency == "USD" ? "$\(amount(value))" : "\(amount(value)) \(cost.currency)" }
        return section(
            "Cost Analysis",
            [
                "Total Cost: \(money(total))", cost.perRequest.map { "Cost/Request: \(money($0))" },
                cost.per1000Tokens.map { "Cost/1K tokens: \(money($0))" }, cost.isEstimated ? "from estimated tokens" : nil,
                cost.unpricedRequests > 0 ? "\(grouped(cost.unpricedRequests)) requests not priced: \(cost.unknown ?? "unknown")" : nil,
                cost.pricesAsOf.map { "prices of \($0)" },
            ])
    }

    private var success: String {
        let counts = whole.counts
        let ended = counts.completed + counts.failed
        guard ended > 0 else { return "Success Rate: n/a (no request ended)\n" }
        let tenths = (1_000 * Double(counts.completed) / Double(ended)).rounded(.down) / 10
        let errors = counts.failuresByCount
        let others = [
            errors.isEmpty ? nil : "Failed: " + errors.joined(separator: ", "), counted(counts.cancelled, "broken off at the end"),
            counted(counts.unsent, "never sent"), counted(counts.retriedAttempts, "retried"), counted(counts.warmUp, "warm-up"),
            counted(counts.discarded, "left out as start-up"),
        ].compactMap(\.self)
        return row(["Success Rate: \(decimal(tenths))% (\(grouped(counts.completed))/\(grouped(ended)))"] + others) + "\n"
    }

    private func counted(_ count: Int, _ what: String) -> String? { count > 0 ? "\(grouped(count)) \(what)" : nil }

    private var goodput: String {
        guard let goodput = whole.goodput else { return "" }
        let interval = goodput.attainmentInterval.map {
            " (95 % interval \(FigureText.percent($0.lower)) to \(FigureText.percent($0.upper)))"
        }
        let facts = [
            goodput.requestsPerSecond.map { "\(FigureText.number($0)) requests/s met the objective" },
            goodput.attainment.map { "\(FigureText.percent($0)) of the requests\(interval ?? "")" },
            counted(goodput.notJudged, "could not be judged"), goodput.isReached.map { $0 ? "attainment reached" : "attainment MISSED" },
        ]
        return row(["Goodput: \(facts.compactMap(\.self).joined(separator: " | "))"]) + "\n"
    }

    private var groups: String {
        guard summary.groups.count > 1 else { return "" }
        let rows = summary.groups.map { part in
            func cell(_ metric: BenchmarkMetric, _ level: Percentile) -> String {
                part.latencies[metric].map { $0.value(at: level).map(figure) ?? refused } ?? notMeasured
            }
            return [
                part.name, grouped(part.counts.completed), grouped(part.counts.failed), cell(.timeToFirstToken, .p50),
                cell(.timeToFirstToken, .p95), cell(.endToEnd, .p95), part.cost.total.map { amount($0) } ?? "unknown",
            ]
        }
        return BoxTable(
            header: ["Provider / Model / Scenario", "Done", "Failed", "TTFT p50", "TTFT p95", "Total p95", "Cost"], rows: rows
        ).text
    }

    /// Cents where there are some, three significant digits below one.
    private func amount(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        guard value < 1 else {
            let cents = Int64((value * 100).rounded())
            return "\(grouped(Int(cents / 100))).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
        }
        return FigureText.number(value)
    }
}
