import BenchmarkResults
import Policies
import Statistics

extension BenchmarkMetric {
    /// As a heading of a row.
    var words: String {
        switch self {
        case .timeToFirstToken: "TTFT"
        case .timeToFirstTokenAsSent: "TTFT as sent"
        case .timeToFirstVisibleToken: "first visible token"
        case .timeToRole: "role event"
        case .timeToHeader: "header"
        case .timePerOutputToken: "TPOT"
        case .interTokenLatency: "inter-token"
        case .eventGap: "gap between events"
        case .endToEnd: "total"
        case .endToEndAsSent: "total as sent"
        case .scheduleLag: "schedule lag"
        case .prefill: "prefill"
        case .decode: "decode"
        case .dns: "name look-up"
        case .connect: "connection"
        case .tls: "TLS"
        }
    }
}

extension RequestCounts {
    /// `http_429 ×4`, the most frequent first, at most eight.
    var failuresByCount: [String] {
        failedByType.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8).map { "\($0.key) ×\($0.value)" }
    }
}

extension LoadSummary {
    /// `openai / gpt-4o / chat`; empty for all of a stage.
    var name: String { group.map { [$0.provider, $0.model, $0.scenario].filter { !$0.isEmpty }.joined(separator: " / ") } ?? "" }
}

extension ConfidenceInterval {
    /// Of a latency in seconds: `149–155 ms`, or `990 ms–1.2 s` where the units differ.
    var words: String {
        let ends = [lower, upper].map { FigureText.latency(seconds: $0) }
        let units = ends.map { $0.split(separator: " ").last }
        return units[0] == units[1] ? "\(ends[0].dropLast((units[0]?.count ?? 0) + 1))–\(ends[1])" : "\(ends[0])–\(ends[1])"
    }
}
